/**
 * Writes what the Python steps of this recipe read. See README.md for the order of the steps.
 *
 *   node generate.mjs words --out DATA
 *   node generate.mjs samples --corpus CORPUS --out DATA [--only train|development|test] [--scale 1]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  documentFiller,
  entityWords,
  generateRepetition,
  generateSample,
  taskFamilies,
  writeSamples,
} from '../../packages/benchmarks/dist/index.js';
import { tokenCounter } from './count-tokens.mjs';
import { readCorpus } from './read-corpus.mjs';

const seed = 1;
/** Samples per length: of each family, and of the repetition warm-up. */
const training = [
  { length: 64, perFamily: 5_000, repetition: 24_000 },
  { length: 128, perFamily: 7_000, repetition: 4_000 },
  { length: 256, perFamily: 4_000, repetition: 1_000 },
  { length: 512, perFamily: 4_000, repetition: 400 },
];
const evaluation = {
  development: { lengths: [64, 128, 256, 512, 1024, 2048, 4096, 8192], perFamily: 60 },
  test: { lengths: [512, 1024, 2048, 4096, 8192], perFamily: 300 },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    corpus: { type: 'string' },
    out: { type: 'string' },
    only: { type: 'string' },
    scale: { type: 'string', default: '1' },
  },
});
mkdirSync(values.out, { recursive: true });
if (positionals[0] === 'words') {
  writeFileSync(join(values.out, 'words.json'), JSON.stringify(entityWords));
} else {
  await writeAll();
}

async function writeAll() {
  const filler = documentFiller(readCorpus(values.corpus));
  const countTokens = tokenCounter(join(values.out, 'tokenizer.json'));
  const scale = Number(values.scale);

  function* families(split, length, perFamily) {
    for (let index = 0; index < perFamily; index++) {
      for (const family of taskFamilies) {
        yield generateSample({ family, length, split, seed, index, filler, countTokens });
      }
    }
  }
  function* repetitions(length, count) {
    for (let index = 0; index < count; index++) {
      yield generateRepetition({ length, seed, index, countTokens });
    }
  }
  async function write(name, samples) {
    const count = await writeSamples(join(values.out, `${name}.jsonl`), samples);
    process.stdout.write(`${name}: ${count} samples\n`);
  }

  if (!values.only || values.only === 'train') {
    for (const { length, perFamily, repetition } of training) {
      await write(`train-${length}`, families('train', length, Math.ceil(perFamily * scale)));
      await write(`repetition-${length}`, repetitions(length, Math.ceil(repetition * scale)));
    }
  }
  for (const [split, { lengths, perFamily }] of Object.entries(evaluation)) {
    if (values.only && values.only !== split) continue;
    for (const length of lengths) {
      await write(`${split}-${length}`, families(split, length, Math.ceil(perFamily * scale)));
    }
  }
}
