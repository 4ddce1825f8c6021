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
  readCorpus,
  taskFamilies,
  writeSamples,
} from '../../packages/benchmarks/dist/index.js';
import { tokenCounter } from './count-tokens.mjs';

const seed = 1;
/** Samples per length: of each family, and of the repetition warm-up. */
const training = [
  { length: 64, perFamily: 3_000, repetition: 24_000 },
  { length: 128, perFamily: 6_000, repetition: 4_000 },
];
/** Every fifth training sample from this length on announces its questions before the text, too. */
const firstEvery = 5;
const firstFrom = 128;
/** Trails of several lengths, up to what fits: a model that only ever saw three stops gets lost after the fourth. */
function trainingSize(family, length, index) {
  if (family !== 'trail' || length < 128 || index % firstEvery === 0) return {};
  const stops = 2 + (index % 3) + (index % 2);
  return { facts: stops, questions: stops };
}
const evaluation = {
  development: { lengths: [64, 128, 256, 512, 1024, 2048], perFamily: 40 },
  test: { lengths: [128, 1024], perFamily: 100 },
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
      const first = split === 'train' && length >= firstFrom && index % firstEvery === 0;
      const questionPlacement = first ? 'first' : 'last';
      for (const family of taskFamilies) {
        const where = { split, length, seed, index, questionPlacement };
        const size = split === 'train' ? trainingSize(family.name, length, index) : {};
        yield generateSample({ family, filler, countTokens, size, ...where });
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
