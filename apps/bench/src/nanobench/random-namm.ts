import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type MeasureOptions,
  measureRows,
  ResultStore,
  type TableCondition,
  type TableRow,
} from '@namm/benchmarks';
import { withRandomParameters } from '@namm/namm';
import { mean } from '@namm/statistics';
import { type NammContender, nammContender } from './namm-contenders.js';

/** Prompts per family that the share is matched on, and how often the offset is halved in. */
const prompts = 1;
const halvings = 7;

/**
 * A NAMM of random parameters that keeps, on average, what the evolved one keeps: an offset on its scores is searched for
 * on prompts of the development split, whatever split the table is of.
 */
export async function randomNamm(
  evolved: NammContender,
  condition: TableCondition,
  options: Omit<MeasureOptions, 'contenders' | 'prompts' | 'store'>,
  seed: number,
): Promise<NammContender> {
  const folder = await mkdtemp(join(tmpdir(), 'namm-random-namm-'));
  const store = await ResultStore.open(join(folder, 'results.jsonl'));
  const parameters = withRandomParameters(evolved.checkpoint, seed);
  const contender = (scoreOffset: number) =>
    nammContender('random NAMM', parameters, {
      scoreOffset,
      updateInterval: evolved.updateInterval,
    });
  const keptBy = async (namm: NammContender) => {
    const row: TableRow = {
      ...condition,
      answers: 'forced',
      split: 'development',
      contender: namm.name,
      contenderVersion: namm.version,
      budget: { kind: 'own' },
    };
    await measureRows([row], { ...options, store, contenders: [namm], prompts });
    return mean(store.results(row).map(({ kept }) => kept.atAnswer));
  };
  try {
    const wanted = await keptBy(evolved);
    let [low, high] = [-1, 1];
    while ((await keptBy(contender(low))) > wanted && low > -1e3) low *= 2;
    while ((await keptBy(contender(high))) < wanted && high < 1e3) high *= 2;
    for (let i = 0; i < halvings; i++) {
      const middle = (low + high) / 2;
      if ((await keptBy(contender(middle))) > wanted) high = middle;
      else low = middle;
    }
    return contender((low + high) / 2);
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}
