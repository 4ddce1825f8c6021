import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Contender } from '@namm/benchmarks';
import { FileFormatError, parseSealedJson } from '@namm/core';
import * as z from '@namm/core/schema';
import { findNormaliserProblem } from '@namm/features';
import { type KeyNormPolicyOptions, keyNormPolicy } from '../trainables/key-norm-policy.js';

const numbers = z.array(z.number());

/** What of a run's `best.json` says which policy it is. */
const rivalFile = z.object({
  policy: z.object({
    weights: z.tuple([z.number(), z.number(), z.number()]),
    updateInterval: z.number().int().positive(),
    headBias: z.object({ heads: z.number().int().positive(), values: numbers }).optional(),
    normaliser: z.object({ shape: numbers, mean: numbers, variance: numbers }),
  }),
});

/**
 * The rival that sees only key norm and age, from the `best.json` or `mean.json` of a run of
 * `bench evolve --trainable key-norm`. It is named after its folder.
 *
 * @throws {FileFormatError} when the file is none
 */
export async function readRival(path: string): Promise<Contender> {
  const problem = 'is not a rival; `bench evolve --trainable key-norm` writes one';
  let text: string;
  let policy: KeyNormPolicyOptions;
  try {
    text = await readFile(path, 'utf8');
    policy = optionsOf(parseSealedJson(text));
  } catch (cause) {
    throw new FileFormatError(path, problem, { cause });
  }
  const wrong = findNormaliserProblem(policy.normaliser, 1);
  if (wrong !== null) throw new FileFormatError(path, `its normaliser: ${wrong}`);
  const created = keyNormPolicy(policy);
  return {
    name: `key norm ${basename(dirname(resolve(path)))}`,
    version: createHash('sha256').update(text).digest('hex').slice(0, 12),
    probe: created.probe,
    own: () => created,
  };
}

function optionsOf(json: unknown): KeyNormPolicyOptions {
  const { weights, updateInterval, headBias, normaliser } = rivalFile.parse(json).policy;
  const { shape, mean, variance } = normaliser;
  return {
    weights,
    updateInterval,
    normaliser: {
      shape,
      mean: Float32Array.from(mean),
      variance: Float32Array.from(variance),
      count: new Float64Array(mean.length).fill(1), // how many tokens it was measured on does not matter here
    },
    ...(headBias && { headBias }),
  };
}
