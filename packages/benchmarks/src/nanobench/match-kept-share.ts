import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mean } from '@namm/statistics';
import type { Contender } from '../table/contender.js';
import { type MeasureOptions, measureRows } from '../table/measure-rows.js';
import { ResultStore } from '../table/result-store.js';
import type { TableCondition, TableRow } from '../table/table-row.js';

/** Prompts per family that the share is matched on, and how often the offset is halved in. */
const prompts = 1;
const halvings = 7;

/**
 * The contender that keeps, on average, what another one keeps: an offset on its scores is searched for on prompts of the
 * development split, whatever split the table is of.
 *
 * @param wanted keeps what it decides itself
 * @param contenderOf keeps the more, the larger the offset
 */
export async function matchKeptShare<Matched extends Contender>(
  wanted: Contender,
  contenderOf: (scoreOffset: number) => Matched,
  condition: TableCondition,
  options: Omit<MeasureOptions, 'contenders' | 'prompts' | 'store'>,
): Promise<Matched> {
  const folder = await mkdtemp(join(tmpdir(), 'namm-matched-'));
  const store = await ResultStore.open(join(folder, 'results.jsonl'));
  const keptBy = async (contender: Contender) => {
    const row: TableRow = {
      ...condition,
      answers: 'teacherForced',
      split: 'development',
      contender: contender.name,
      contenderVersion: contender.version ?? '',
      budget: { kind: 'own' },
    };
    await measureRows([row], { ...options, store, contenders: [contender], prompts });
    return mean(store.results(row).map(({ kept }) => kept.atAnswer));
  };
  try {
    const share = await keptBy(wanted);
    let [low, high] = [-1, 1];
    while ((await keptBy(contenderOf(low))) > share && low > -1e3) low *= 2;
    while ((await keptBy(contenderOf(high))) < share && high < 1e3) high *= 2;
    for (let i = 0; i < halvings; i++) {
      const middle = (low + high) / 2;
      if ((await keptBy(contenderOf(middle))) > share) high = middle;
      else low = middle;
    }
    return contenderOf((low + high) / 2);
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}
