import { join } from 'node:path';
import { publishedBam } from '@namm/bam';
import { inFolder, testOptionNames } from '@namm/testing';
import { importReferenceCheckpoint } from './checkpoint/reference-checkpoint.js';
import { writeCheckpoint } from './checkpoint/write-checkpoint.js';
import { EchoCollector } from './echo-collector.js';
import { loadNamm } from './load-namm.js';
import { namm } from './namm.js';
import { randomNamm } from './random-namm.js';
import { SpectrumCollector } from './spectrum-collector.js';
import { fixture } from './testing/fixture.js';
import { randomCheckpoint } from './testing/random-checkpoint.js';

const checkpoint = randomCheckpoint(1);
const nammOptions = {
  ...{ updateInterval: 64, semantics: 'exact', scoreOffset: 1, sinks: 1, tail: 2 },
  ...{ pooling: 1, budget: '50%', storage: 'float32' },
} as const;

testOptionNames([
  ['namm', (options) => namm(checkpoint, options), nammOptions],
  [
    'loadNamm',
    (options: object) =>
      inFolder(async (folder) => {
        const path = join(folder, 'namm.safetensors');
        await writeCheckpoint(path, checkpoint);
        return loadNamm({ checkpoint: path, ...options });
      }),
    nammOptions,
  ],
  [
    'SpectrumCollector',
    (options) => new SpectrumCollector(options),
    { updateInterval: 32, decay: 0.9, keys: ['norm'] },
  ],
  ['EchoCollector', (options) => new EchoCollector(options), { period: 3, queries: 2 }],
  ['randomNamm', randomNamm, { seed: 1, updateInterval: 32, normaliser: checkpoint.normaliser }],
  [
    'importReferenceCheckpoint',
    (options) => importReferenceCheckpoint(fixture('ckpt_4172_expanded.pt'), options),
    { scorer: publishedBam, updateInterval: 64 },
  ],
]);
