import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as transformers from '@huggingface/transformers';
import * as decoder from '@namm/decoder';
import * as kvCache from '@namm/kv-cache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as cacheText from './index.js';
import { checkPretrainedOptions } from './pretrained-options.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const [chat, saving, pipeline] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(
  ([, code]) => code!,
);

/** A model whose positions suffice for a conversation. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-readme-'));
  const fixture = new URL('../test/__fixtures__/llama-base', import.meta.url);
  await cp(fixture, folder, { recursive: true });
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  config.max_position_embeddings = 4096;
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
});
afterAll(() => rm(folder, { recursive: true }));

type Run = (...modules: unknown[]) => Promise<Record<string, unknown>>;

describe('the README', () => {
  it('has examples that run, within their budget', async () => {
    const write = (text: string) => written.push(text);
    const written: string[] = [];
    const body = `${chat!.replace('await model.dispose();', '')}${pipeline}${saving}`
      .replaceAll(/^import (\{.*\}) from '(.*)';$/gm, "const $1 = modules['$2'];")
      .replace("const { TextGenerationPipeline } = modules['@huggingface/transformers'];", '')
      .replace("'HuggingFaceTB/SmolLM2-135M-Instruct'", 'folder')
      .replace('budget: 512', 'budget: 32')
      .replaceAll("'chats/42'", "folder + '/chat'");
    expect(body).toContain('= folder;');
    const names =
      '{ model, messages, cache, seen, rows, bytes, sequences, answer, answers, restored, fork }';
    const run = new Function(
      'modules',
      'folder',
      'process',
      'TextGenerationPipeline',
      `return (async () => { ${body}\nreturn ${names}; })()`,
    ) as Run;
    const modules = {
      '@huggingface/transformers': transformers,
      '@namm/cache-text': cacheText,
      '@namm/decoder': decoder,
      '@namm/kv-cache': kvCache,
    };
    const result = await run(
      modules,
      folder,
      { stdout: { write } },
      transformers.TextGenerationPipeline,
    );
    const model = result.model as cacheText.NammModelForCausalLM;
    const sequences = result.sequences as cacheText.TextCacheMemory['sequences'];
    expect(sequences[0]!.keptPerHead.flat()).toEqual(new Array(6).fill(32));
    expect(result.rows).toBe(6 * 32);
    expect(result.seen).toBeGreaterThan(300);
    expect(result.messages).toHaveLength(7);
    const answers = (result.messages as { role: string; content: string }[])
      .filter(({ role }) => role === 'assistant')
      .map(({ content }) => content);
    expect(written.join('')).toBe(answers.join(''));
    expect((result.answer as { generated_text: unknown[] }).generated_text).toHaveLength(9);
    expect(result.answers).toHaveLength(2);
    const seen = (result.cache as cacheText.NammCache).get_seq_length();
    for (const copy of [result.restored, result.fork] as cacheText.NammCache[]) {
      expect(copy.get_seq_length()).toBe(seen);
    }
    await model.dispose();
  });

  it('names every option of from_pretrained', () => {
    let message = '';
    try {
      checkPretrainedOptions({ worker: true, nothing: 1 } as never);
    } catch (error) {
      message = (error as Error).message;
    }
    const names = message.replace(/^.*there are /, '').split(', ');
    expect(names.length).toBeGreaterThan(12);
    const table = readme.split('\n').filter((line) => line.startsWith('| `'));
    for (const name of names) expect(table.join('\n')).toContain(`\`${name}\``);
  });
});
