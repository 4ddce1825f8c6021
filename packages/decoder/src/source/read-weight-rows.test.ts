import { randomModel } from '@namm/testing';
import { expect, it } from 'vitest';
import { ModelFolderError } from '../errors.js';
import { openModelFolder } from './model-folder.js';
import { readWeight } from './read-weight.js';
import { readWeightRows } from './read-weight-rows.js';

it('reads single rows of a matrix, in any order and again, from a file and from memory', async () => {
  const model = await randomModel();
  const opened = await openModelFolder(model.folder);
  const weight = opened.weights.get('model.embed_tokens.weight')!;
  const whole = await readWeight(opened, weight.name, weight.shape);
  const rows = [7, 0, 7, 22];
  const size = weight.shape[1]!;
  const expected = rows.flatMap((row) => [...whole.subarray(row * size, (row + 1) * size)]);
  expect([...(await readWeightRows(weight, rows))]).toEqual(expected);
  const location = { kind: 'memory', bytes: new Uint8Array(whole.buffer) } as const;
  expect([...(await readWeightRows({ ...weight, location }, rows))]).toEqual(expected);
  expect(await readWeightRows(weight, [])).toHaveLength(0);
  const blocks = { ...weight, format: 'Q4_0' };
  await expect(readWeightRows(blocks, rows)).rejects.toThrow(ModelFolderError);
  await model.remove();
});
