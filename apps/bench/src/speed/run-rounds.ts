import { type Contender, contenders, requestOf } from './contenders.js';
import { measureInProcess } from './measure-in-process.js';
import type { Measured } from './measure-request.js';
import type { PreparedModels } from './prepare-models.js';
import { type SpeedRow, speedRow } from './speed-row.js';

export interface RoundsOptions {
  readonly lengths: readonly number[];
  readonly rounds: number;
  readonly newTokens: number;
  readonly seed: number;
  /** Told before each measurement. */
  readonly onProgress: (what: string) => void;
}

/** Measures all contenders at all lengths, in turns, so that each meets the same load of the machine. */
export async function runRounds(
  models: PreparedModels,
  options: RoundsOptions,
): Promise<SpeedRow[]> {
  const { lengths, rounds, newTokens, seed, onProgress } = options;
  const results = new Map<string, Measured[]>();
  const keyOf = (length: number, contender: Contender) => `${length} tokens, ${contender}`;
  for (let round = 0; round < rounds; round++) {
    for (const length of lengths) {
      for (let turn = 0; turn < contenders.length; turn++) {
        // Every round another one goes first.
        const contender = contenders[(turn + round) % contenders.length]!;
        const key = keyOf(length, contender);
        onProgress(`round ${round + 1} of ${rounds}: ${key}`);
        const request = requestOf(contender, models, { length, newTokens, seed });
        const list = results.get(key) ?? [];
        list.push(await measureInProcess(request));
        results.set(key, list);
      }
    }
  }
  return lengths.flatMap((length) =>
    contenders.map((contender) =>
      speedRow(length, contender, results.get(keyOf(length, contender))!),
    ),
  );
}
