// A server in a process of its own, for tests: prints its address, and ends at SIGTERM.
import { loadTokenizer } from '@namm/decoder';
import { Engine, type EngineOptions, type ServeOptions, serve } from '../src/index.js';

const {
  model,
  engine: engineOptions,
  serve: serveOptions,
} = JSON.parse(process.argv[2]!) as {
  model: string;
  engine: EngineOptions;
  serve: Omit<ServeOptions, 'engine' | 'tokenizer'>;
};
const onWarning = (text: string) => process.stderr.write(`${text}\n`);
const engine = await Engine.load(model, { ...engineOptions, onWarning });
const tokenizer = await loadTokenizer(model);
const server = await serve({ ...serveOptions, engine, tokenizer, onWarning });
process.once('SIGTERM', () => void server.close(2000));
process.stdout.write(`${server.url}\n`);
