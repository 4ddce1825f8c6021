import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inFolder } from '@namm/testing';
import { expect, it } from 'vitest';
import { NammModelForCausalLM } from '../src/index.js';
import { folder, idsTensor, loadModel, reference, rowsOf } from './helpers.js';

const { input_ids, greedy_ids } = reference;
const end = greedy_ids[6]!;
const before = greedy_ids.slice(0, greedy_ids.indexOf(end) + 1);
const other = 511;

interface Files {
  readonly generation?: object;
  readonly config?: object;
  readonly tokenizer?: object;
}

it.each<[string, Files, boolean]>([
  ['a number', { generation: { eos_token_id: end } }, true],
  ['a list', { generation: { eos_token_id: [other, end] } }, true],
  [
    'null, with one in config.json',
    { generation: { eos_token_id: null }, config: { eos_token_id: end } },
    true,
  ],
  ['nothing, with one in config.json', { generation: {}, config: { eos_token_id: end } }, true],
  [
    'another than config.json',
    { generation: { eos_token_id: other }, config: { eos_token_id: end } },
    false,
  ],
  [
    'null, with one in text_config',
    { generation: { eos_token_id: null }, config: { text_config: { eos_token_id: [end] } } },
    true,
  ],
  ['nothing, with one in tokenizer_config.json', { tokenizer: { eos_token: '<|end|>' } }, true],
  [
    'nothing, with a spelled-out one there',
    { tokenizer: { eos_token: { content: '<|end|>' } } },
    true,
  ],
  ['nothing at all', { tokenizer: { eos_token: null } }, false],
])('an answer ends where the folder says, and eos_token_id is %s', (_, files, ends) =>
  inFolder(async (copy) => {
    await cp(folder, copy, { recursive: true });
    const change = async (name: string, changes: object) => {
      const path = join(copy, name);
      const text = await readFile(path, 'utf8').catch(() => '{}');
      await writeFile(path, JSON.stringify({ ...JSON.parse(text), ...changes }));
    };
    await change('config.json', { eos_token_id: undefined, ...files.config });
    if (files.generation) await change('generation_config.json', files.generation);
    await change('tokenizer_config.json', { eos_token: undefined, ...files.tokenizer });
    const { added_tokens } = JSON.parse(await readFile(join(copy, 'tokenizer.json'), 'utf8'));
    const added = { ...added_tokens[0], id: end, content: '<|end|>' };
    await change('tokenizer.json', { added_tokens: [...added_tokens, added] });
    const model = await NammModelForCausalLM.from_pretrained(copy, { threads: 1 });
    const sequences = await model.generate({ input_ids: idsTensor(input_ids), max_new_tokens: 12 });
    const answer = rowsOf(sequences)[0]!.slice(input_ids.length);
    expect(answer).toEqual(ends ? before : greedy_ids.slice(0, 12));
    await model.dispose();
  }),
);

it('what generate cannot do is refused, also when the folder asks for it', () =>
  inFolder(async (copy) => {
    await cp(folder, copy, { recursive: true });
    await writeFile(
      join(copy, 'generation_config.json'),
      '{"stop_strings": ["###"], "top_h": null}',
    );
    const model = await loadModel();
    const inputs = { input_ids: idsTensor(input_ids), max_new_tokens: 2 };
    const asking = await NammModelForCausalLM.from_pretrained(copy, { threads: 1 });
    await expect(asking.generate(inputs)).rejects.toThrow(
      'stop_strings: is ["###"], which has no effect here in generation_config.json',
    );
    await expect(
      asking.generate({ ...inputs, stop_strings: null } as never),
    ).resolves.toBeDefined();
    await expect(model.generate({ ...inputs, stop_strings: ['x'] } as never)).rejects.toThrow(
      /^stop_strings: /,
    );
    await Promise.all([model.dispose(), asking.dispose()]);
  }));
