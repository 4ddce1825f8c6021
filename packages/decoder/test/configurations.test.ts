import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors } from '@namm/tensors';
import { expect, it } from 'vitest';
import { Decoder } from '../src/index.js';
import { feed, largestDifference, quiet } from './helpers.js';

/** Models in miniature whose configurations lean on a default or a rarely used key. */
const fixtures = join(import.meta.dirname, '__fixtures__', 'configurations');

it.each(readdirSync(fixtures))('%s is read as PyTorch transformers reads it', async (name) => {
  const folder = join(fixtures, name);
  const { input_ids: ids } = JSON.parse(readFileSync(join(folder, 'fixture.json'), 'utf8'));
  const expected = await openSafetensors(join(folder, 'expected.safetensors'));
  const decoder = await Decoder.load(folder, { ...quiet, chunkSize: 9 });
  const logits = await feed(decoder, decoder.createCache(), ids);
  const difference = largestDifference(logits, await expected.readFloat32('logits'));
  expect(difference).toBeLessThan(1e-4); // float32, logits of standard deviation 2
  await decoder.release();
});
