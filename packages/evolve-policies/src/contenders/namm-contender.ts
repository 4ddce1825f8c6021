import { basename, dirname } from 'node:path';

import type { LearnedContender } from '@namm/benchmarks';
import {
  type NammCheckpoint,
  type NammOptions,
  namm,
  readCheckpoint,
  withRandomParameters,
} from '@namm/namm';

/** A NAMM of the result table. */
export interface NammContender extends LearnedContender {
  readonly checkpoint: NammCheckpoint;
}

/** Above any score: a NAMM with a budget then keeps its best rows, and just as many as it may. */
export const aboveAnyScore = 1e6;

/** A NAMM with its own decisions, and one that keeps its best rows up to a number. */
export function nammContender(
  name: string,
  checkpoint: NammCheckpoint,
  options: NammOptions = {},
): NammContender {
  const policy = namm(checkpoint, options);
  const { checkpoint: digest } = policy.settings as { checkpoint: string };
  const version = `${digest.slice(0, 12)}${describe(options)}`;
  return {
    name,
    version,
    checkpoint,
    updateInterval: policy.updateInterval!,
    evolvedFamilies: evolvedFamilies(checkpoint.provenance),
    random: (seed, scoreOffset) =>
      nammContender('random NAMM', withRandomParameters(checkpoint, seed), {
        scoreOffset,
        updateInterval: policy.updateInterval!,
      }),
    probe: policy.probe,
    own: () => policy,
    ranked: (schedule) => {
      const budget = Math.min(...schedule.flatMap(({ counts }) => counts.flat()));
      return namm(checkpoint, { ...options, scoreOffset: aboveAnyScore, budget });
    },
  };
}

/** Reads checkpoints; each is named after its file, or after its folder if several files have the same name. */
export async function readNamms(paths: readonly string[]): Promise<NammContender[]> {
  const names = paths.map((path) => basename(path, '.safetensors'));
  return Promise.all(
    paths.map(async (path, i) => {
      const isUnique = names.indexOf(names[i]!) === names.lastIndexOf(names[i]!);
      const name = isUnique ? names[i]! : `${basename(dirname(path))}/${names[i]}`;
      return nammContender(name, await readCheckpoint(path));
    }),
  );
}

/** The same NAMM with other options, which appear in its name. */
export function varyNamm({ name, checkpoint }: NammContender, options: NammOptions): NammContender {
  return nammContender(`${name}${describe(options)}`, checkpoint, options);
}

function describe({ scoreOffset = 0, semantics }: NammOptions): string {
  const sign = scoreOffset > 0 ? '+' : '';
  return `${scoreOffset === 0 ? '' : ` ${sign}${scoreOffset}`}${semantics ? ` ${semantics}` : ''}`;
}

/** Tasks of all stages of the run that the checkpoint comes from, and of those that it was started from. */
function evolvedFamilies({ settings, startedFrom }: NammCheckpoint['provenance']): string[] {
  const stages = (settings as { stages?: { tasks?: unknown }[] } | undefined)?.stages;
  const before = startedFrom ? evolvedFamilies(startedFrom as NammCheckpoint['provenance']) : [];
  if (!Array.isArray(stages)) return before;
  const tasks = stages.flatMap((stage) => (Array.isArray(stage?.tasks) ? stage.tasks : []));
  return [
    ...new Set([...before, ...tasks.filter((task): task is string => typeof task === 'string')]),
  ];
}
