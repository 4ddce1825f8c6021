import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { h2o } from '@namm/kv-cache';
import { type RandomModel, randomModel } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeText, Decoder, loadTokenizer } from '../src/index.js';
import { type FreshWorker, freshWorker } from './fresh-worker.js';

// Programs of their own, for what only the end of a process shows.
const scripts = mkdtempSync(join(tmpdir(), 'namm-worker-'));
let model: RandomModel;
let fresh: FreshWorker;
beforeAll(async () => {
  // Large enough for chunks that take a while.
  model = await randomModel({ intermediate_size: 4096, max_position_embeddings: 8192 });
  fresh = await freshWorker();
});
afterAll(async () => {
  rmSync(scripts, { recursive: true });
  await fresh.remove();
  await model.remove();
});

/** What the programs begin with. */
const preamble = () => `
  import { DecoderWorker } from '${fresh.index}';
  const options = { threads: 1, workerFile: new URL('${fresh.workerFile}') };
  const load = () => DecoderWorker.load(process.argv[2], options);
  const ids = Array.from({ length: 4000 }, (_, i) => i % 23);
  const step = async (worker, options, count = ids.length) => {
    const cache = await worker.createCache();
    return worker.step([{ cache, input: { ids: ids.slice(0, count) } }], options);
  };
`;

function run(program: string) {
  const script = join(scripts, 'program.mjs');
  writeFileSync(script, program);
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [script, model.folder], {
    encoding: 'utf8',
  });
  return { status, signal, stdout, stderr };
}

describe('a process with workers', () => {
  it('ends by itself, without a crash, after many of them', () => {
    const program = `${preamble()}
      const first = await load();
      const start = performance.now();
      await step(first);
      const duration = performance.now() - start;
      await first.release();
      for (let i = 0; i < 6; i++) {
        const worker = await load();
        if (i % 2 === 0) await step(worker, {}, 100);
        else {
          // Released in the middle of a chunk; on a busy machine it may have come to its end before.
          const pending = step(worker).then(
            () => console.log('complete'),
            (error) => console.log(error.reason),
          );
          await new Promise((resolve) => setTimeout(resolve, (duration * i) / 12));
          await worker.release();
          await pending;
        }
        await worker.release();
      }`;
    const { stdout, ...rest } = run(program);
    expect(rest).toEqual({ status: 0, signal: null, stderr: '' });
    const ends = stdout.trim().split('\n');
    expect(ends).toHaveLength(3);
    expect(ends.filter((end) => end !== 'released' && end !== 'complete')).toEqual([]);
    expect(ends).toContain('released');
  });

  it('is not kept alive by a worker that nobody released', () => {
    const program = `${preamble()}
      const worker = await load();
      await step(worker, {}, 300);
      console.log('done');`;
    expect(run(program)).toEqual({ status: 0, signal: null, stdout: 'done\n', stderr: '' });
  });

  it('is kept alive by a step', () => {
    const program = `${preamble()}
      load().then((worker) => step(worker, {}, 1500)).then(() => console.log('done'));`;
    expect(run(program)).toEqual({ status: 0, signal: null, stdout: 'done\n', stderr: '' });
  });

  it.each([
    ['process.exit', 'process.exit(7)', 7],
    ['an error that nobody catches', "throw new Error('on purpose')", 1],
  ])('ends by %s in the middle of a chunk with its own exit code', (_, statement, code) => {
    for (const milliseconds of [5, 30]) {
      const program = `${preamble()}
        const worker = await load();
        const onProgress = ({ done }) => {
          if (done === 256) setTimeout(() => { ${statement}; }, ${milliseconds});
        };
        void step(worker, { onProgress });`;
      const { status, signal } = run(program);
      expect({ status, signal }).toEqual({ status: code, signal: null });
    }
  });
});

it('runs the example of the README with the package as it was built', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const section = readme.slice(readme.indexOf('## Workers'));
  const example = /```ts\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
  const folder = join(import.meta.dirname, '__fixtures__', 'llama-base');
  const prompt = 'Once upon a time';
  const built = new URL('../dist/index.js', import.meta.url);
  const program = `const [folder, prompt] = ${JSON.stringify([folder, prompt])};
    ${example.replace("'@namm/decoder'", `'${built}'`)}`;
  const { stdout, ...rest } = run(program);
  expect(rest).toEqual({ status: 0, signal: null, stderr: '' });

  const decoder = await Decoder.load(folder, { probe: { kind: 'columnSums' } });
  const cache = decoder.createCache({ policy: h2o({ budget: 512 }) });
  const tokenizer = await loadTokenizer(folder);
  let text = '';
  const options = { maxNewTokens: 20 };
  for await (const piece of completeText(decoder, tokenizer, cache, prompt, options)) text += piece;
  expect(text.length).toBeGreaterThan(0);
  expect(stdout.startsWith(text)).toBe(true);
  expect(stdout).toContain(`seen: ${cache.seen},`);
  await decoder.release();
});
