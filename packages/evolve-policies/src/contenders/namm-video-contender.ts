import { basename } from 'node:path';
import type { VideoContender } from '@namm/benchmarks';
import { type EvictionPolicy, parseBudget } from '@namm/kv-cache';
import {
  type NammCheckpoint,
  namm,
  readCheckpoint,
  shareNormaliser,
  withRandomParameters,
} from '@namm/namm';
import { calibrateOn } from '../calibrate/calibrate-on.js';
import { aboveAnyScore } from './namm-contender.js';

/**
 * A NAMM in the table of videos: one with its own decisions, and one that keeps its best rows up to a budget.
 *
 * @param name in the table
 * @param checkpoint of a NAMM that fits the model
 */
export function nammVideoContender(name: string, checkpoint: NammCheckpoint): VideoContender {
  const policy = namm(checkpoint);
  const { checkpoint: digest } = policy.settings as { checkpoint: string };
  return {
    name,
    version: digest.slice(0, 12),
    probe: policy.probe,
    own: () => policy,
    within(budget, { seen }) {
      // The tokens since its last update stay whatever the budget says, so they come off.
      const tail = seen % policy.updateInterval!;
      const parsed = parseBudget(budget);
      const limit =
        parsed.kind === 'bytes'
          ? { ...parsed, bytes: Math.max(1, Math.floor(parsed.bytes * (1 - tail / seen))) }
          : parsed;
      return namm(checkpoint, { scoreOffset: aboveAnyScore, budget: limit });
    },
  };
}

/**
 * Language models' NAMMs applied to videos: frozen, calibrated, and, as a control, with random parameters on the
 * calibrated features.
 *
 * @param files their checkpoints
 * @param read as for {@link calibrateOn}
 * @param seed of the random parameters
 * @throws {FileFormatError} when a file is not a checkpoint
 */
export async function nammVideoContenders(
  files: readonly string[],
  read: (policy: EvictionPolicy) => Promise<void>,
  seed: number,
): Promise<VideoContender[]> {
  const contenders: VideoContender[] = [];
  for (const file of files) {
    const checkpoint = await readCheckpoint(file);
    const calibrated = await calibrateOn(checkpoint, read);
    const name = basename(file, '.safetensors');
    contenders.push(
      nammVideoContender(`${name} frozen`, shareNormaliser(checkpoint)),
      nammVideoContender(`${name} calibrated`, calibrated),
      nammVideoContender(`${name} random`, withRandomParameters(calibrated, seed)),
    );
  }
  return contenders;
}
