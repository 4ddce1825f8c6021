import { basename } from 'node:path';
import { dropOldReturns, protectSteps, stepWindow } from '@namm/cache-decision-transformer';
import { checkChoice, checkNames, InvalidArgumentError } from '@namm/core';
import {
  type BudgetInput,
  createPolicy,
  type EvictionPolicy,
  policyNames,
  randomScorer,
  scoredPolicy,
} from '@namm/kv-cache';
import { calibratedNames, calibratedNamm } from '@namm/models';
import { loadNamm } from '@namm/namm';
import type { MemoryContender } from './memory-contender.js';
import { policyContender } from './policy-contender.js';

/** What {@link createContender} needs for some of its names. */
export interface ContenderOptions {
  /** For all policies of kv-cache except `full`, and as the limit of a NAMM: rows per head, a share or bytes. */
  readonly budget?: BudgetInput;
  /** File of the NAMM, for `namm` without one of its own. */
  readonly checkpoint?: string;
}

/** Names with the number of steps behind a colon. */
const stepNames = ['window', 'newest-steps'];

/** Names that {@link createContender} knows. */
export const contenderNames: readonly string[] = [
  ...policyNames.slice(0, 1),
  ...stepNames.map((name) => `${name}:STEPS`),
  ...['drop-old-returns', 'random-newest-step', 'namm', 'namm:FILE', 'namm:calibrated-TASK'],
  ...policyNames.slice(1),
];

/**
 * A contender from its name: `full`; `window:20`, the newest steps recomputed each time, as in the published code;
 * `newest-steps:20`, which keeps them as first computed; `drop-old-returns`; `random-newest-step`, random except for
 * the current step; `namm`; `namm:calibrated.safetensors` with a file, which is then called `namm:calibrated`;
 * `namm:calibrated-t-maze`, bundled for that task; or a policy of kv-cache.
 *
 * @param name one of {@link contenderNames}
 * @param options budget and checkpoint, if the name needs them
 * @throws {InvalidArgumentError} for an unknown name, an invalid number of steps, or a missing or invalid option
 * @throws {FileFormatError} when the file is not a checkpoint
 *
 * @example
 * ```ts
 * const names = ['full', 'window:20', 'h2o'];
 * const contenders = await Promise.all(names.map((name) => createContender(name, { budget: 60 })));
 * ```
 */
export async function createContender(
  name: string,
  options: ContenderOptions = {},
): Promise<MemoryContender> {
  const { budget, checkpoint } = checkNames('createContender', options, ['budget', 'checkpoint']);
  const { kind, steps, file } = readName(name);
  const limit = budget === undefined ? {} : { budget };
  switch (kind) {
    case 'full':
      return { ...none, name, settings: {}, window: null };
    case 'window':
      return { ...none, name, settings: { steps }, window: steps! };
    case 'newest-steps':
      return contenderOf(name, () => stepWindow(steps!));
    case 'drop-old-returns':
      return contenderOf(name, dropOldReturns);
    case 'random-newest-step':
      if (budget === undefined) throw new InvalidArgumentError('budget', `'${name}' needs one`);
      return contenderOf(name, (seed) =>
        scoredPolicy({ scorer: protectSteps(randomScorer(seed)), budget, name }),
      );
    case 'namm': {
      const path = bundled(file) ?? file ?? checkpoint;
      if (path === undefined) {
        throw new InvalidArgumentError('checkpoint', "'namm' needs the file of one");
      }
      const policy = await loadNamm({ checkpoint: path, ...limit });
      const called = file === null ? name : `namm:${basename(file, '.safetensors')}`;
      return policyContender(policy, called);
    }
    default:
      return contenderOf(name, (seed) => createPolicy(kind, { ...limit, seed }));
  }
}

/** The file that `calibrated-TASK` stands for. */
function bundled(file: string | null): string | null {
  const task = calibratedNames.find((name) => file === `calibrated-${name}`);
  return task ? calibratedNamm(task) : null;
}

const none = { probe: { kind: 'none' }, policy: () => null } as const;

function contenderOf(name: string, policy: (seed: number) => EvictionPolicy): MemoryContender {
  const { settings, probe } = policy(0);
  return { name, settings, probe, window: null, policy };
}

function readName(name: string): { kind: string; steps: number | null; file: string | null } {
  const [kind = '', number, ...more] = name.split(':');
  if (kind === 'namm' && number?.trim()) {
    return { kind, steps: null, file: [number, ...more].join(':') };
  }
  checkChoice('policies', kind, [...new Set(contenderNames.map((known) => known.split(':')[0]!))]);
  if (!stepNames.includes(kind)) {
    if (number === undefined) return { kind, steps: null, file: null };
    throw new InvalidArgumentError(
      'policies',
      `'${name}': only ${stepNames.join(', ')} take steps`,
    );
  }
  const steps = number?.trim() ? Number(number) : Number.NaN;
  if (Number.isSafeInteger(steps) && steps >= 1 && more.length === 0) {
    return { kind, steps, file: null };
  }
  const problem = `'${name}' needs a whole number of steps from 1 on, such as ${kind}:20`;
  throw new InvalidArgumentError('policies', problem);
}
