import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Contender } from '@namm/benchmarks';
import { FileFormatError } from '@namm/core';
import { type KeyNormPolicyOptions, keyNormPolicy } from '@namm/evolve';
import { findNormaliserProblem, type Normaliser } from '@namm/features';

/**
 * The rival that sees key norm and age only, from the `best.json` or `mean.json` of a run of `bench evolve --trainable
 * key-norm`. It is named after its folder.
 *
 * @throws {FileFormatError} when the file is none
 */
export async function readRival(path: string): Promise<Contender> {
  const problem = 'is no rival; `bench evolve --trainable key-norm` writes one';
  let text: string;
  let policy: KeyNormPolicyOptions;
  try {
    text = await readFile(path, 'utf8');
    policy = optionsOf(JSON.parse(text));
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

function optionsOf(file: {
  readonly policy: Omit<KeyNormPolicyOptions, 'normaliser'> & {
    readonly normaliser: { shape: number[]; mean: number[]; variance: number[] };
  };
}): KeyNormPolicyOptions {
  const { weights, updateInterval, headBias } = file.policy;
  const { shape, mean, variance } = file.policy.normaliser;
  const normaliser: Normaliser = {
    shape,
    mean: Float32Array.from(mean),
    variance: Float32Array.from(variance),
    count: new Float64Array(mean.length).fill(1), // how many tokens it was measured on does not matter here
  };
  return { weights, updateInterval, normaliser, ...(headBias && { headBias }) };
}
