import { checkNames, FileFormatError } from '@namm/core';
import { type Interval, mean, percentileInterval } from '@namm/statistics';
import {
  compareScores,
  differScores,
  type ScoreComparison,
  type ScoreDifference,
} from './compare-scores.js';
import { chooseFamilies, drawPrompts, type FamilyMeans, familyMeans } from './family-means.js';
import type { PromptResult, ResultStore } from './result-store.js';
import { conditionKey, type TableCondition, type TableRow } from './table-row.js';

/** Families that a table shows together. */
export type FamilyGroup = 'all' | 'evolved' | 'heldOut';

/** A row of the table, computed. */
export interface RowSummary {
  readonly row: TableRow;
  /** Prompts that it, the full cache and the oracle were all measured on. */
  readonly prompts: number;
  /** Means over prompts. */
  readonly kept: PromptResult['kept'];
  readonly bytes: PromptResult['bytes'];
  /** Bytes of keys and values when the questions are asked, over those of the full cache. */
  readonly bytesShare: number;
  /** Mean log-probability of answer tokens, over families; null when answers were decoded. */
  readonly logProbability: number | null;
  /** Groups without families are absent. */
  readonly groups: Readonly<Partial<Record<FamilyGroup, ScoreComparison>>>;
  readonly families: ReadonlyMap<string, Interval>;
  /** Over the draws of the condition, for what is computed from several rows. */
  readonly means: FamilyMeans;
}

/** All rows of one condition, which share prompts and draws. */
export interface ConditionSummary {
  readonly condition: TableCondition;
  readonly rows: readonly RowSummary[];
}

export interface SummaryOptions {
  /** Names of the families that the NAMMs were evolved on; the others are held out. */
  readonly evolvedFamilies: readonly string[];
  /** @defaultValue 2000 */
  readonly resamples?: number;
  /** @defaultValue 0 */
  readonly seed?: number;
}

/**
 * Computes the table from the results of a store, one part per condition that has a full cache. 95 % percentile
 * bootstrap intervals over prompts, drawn within families. Prompts missing in any row of a condition are left out, so
 * that every comparison is paired.
 *
 * @throws {FileFormatError} when rows of a condition were measured on different prompts under the same number
 */
export function summariseConditions(
  store: ResultStore,
  rows: readonly TableRow[],
  options: SummaryOptions,
): ConditionSummary[] {
  checkNames('summariseConditions', options, ['evolvedFamilies', 'resamples', 'seed']);
  const { evolvedFamilies, resamples = 2000, seed = 0 } = options;
  const groups = new Map<string, TableRow[]>();
  for (const row of rows) {
    const key = conditionKey(row);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap((group) => {
    const measured = group
      .map((row) => ({ row, results: store.results(row) }))
      .filter(({ results }) => results.length > 0);
    checkSamePrompts(
      store.path,
      measured.flatMap(({ results }) => results),
    );
    const common = commonPrompts(measured.map(({ results }) => results));
    const fullAt = measured.findIndex(({ row }) => row.contender === 'full');
    if (fullAt < 0 || common.size === 0) return [];
    const sizes = [...common.values()].map(({ length }) => length);
    const draws = drawPrompts(sizes, resamples, seed);
    const chosen = measured.map(({ results }) => chooseResults(results, common));
    const means = chosen.map((families) =>
      familyMeans(
        mapValues(families, (own) => own.map(({ questions }) => mean(questions))),
        draws,
      ),
    );
    const oracleAt = measured.findIndex(({ row }) => row.contender === 'oracle');
    const fullBytes = meanOf([...chosen[fullAt]!.values()].flat(), (r) => r.bytes.keysAndValues);
    const summaries = measured.map(({ row }, i): RowSummary => {
      const results = [...chosen[i]!.values()].flat();
      const compare = (isChosen: (family: string) => boolean) => {
        const [own, full] = [means[i]!, means[fullAt]!].map((m) => chooseFamilies(m, isChosen));
        const oracle = oracleAt < 0 ? null : chooseFamilies(means[oracleAt]!, isChosen);
        return own!.families.length > 0 ? compareScores(own!, full!, oracle) : undefined;
      };
      const isEvolved = (family: string) => evolvedFamilies.includes(family);
      const parts = {
        all: compare(() => true),
        evolved: compare(isEvolved),
        heldOut: compare((family) => !isEvolved(family)),
      };
      const bytes = (key: keyof PromptResult['bytes']) => meanOf(results, (r) => r.bytes[key]);
      return {
        row,
        prompts: results.length,
        kept: {
          atAnswer: meanOf(results, ({ kept }) => kept.atAnswer),
          average: meanOf(results, ({ kept }) => kept.average),
        },
        bytes: {
          keysAndValues: bytes('keysAndValues'),
          positions: bytes('positions'),
          policy: bytes('policy'),
          average: bytes('average'),
          peak: bytes('peak'),
        },
        bytesShare: bytes('keysAndValues') / fullBytes,
        logProbability: logProbabilityOf(chosen[i]!),
        groups: Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)),
        families: new Map(
          means[i]!.families.map((family, f) => [
            family,
            percentileInterval(means[i]!.estimate[f]!, means[i]!.resampled[f]!),
          ]),
        ),
        means: means[i]!,
      };
    });
    return [{ condition: group[0]!, rows: summaries }];
  });
}

/** How a row differs from another of the same condition, for a group of families. */
export function differRows(
  first: RowSummary,
  second: RowSummary,
  isChosen: (family: string) => boolean = () => true,
): ScoreDifference {
  return differScores(
    chooseFamilies(first.means, isChosen),
    chooseFamilies(second.means, isChosen),
  );
}

/** Files of runs with different filler may have been joined. */
function checkSamePrompts(path: string, results: readonly PromptResult[]): void {
  const digests = new Map<string, string>();
  for (const { family, index, digest } of results) {
    const name = `${family} ${index}`;
    const known = digests.get(name) ?? digest;
    digests.set(name, known);
    if (known === digest) continue;
    const problem = `has results of different prompts for ${name}; measure into a new file`;
    throw new FileFormatError(path, problem);
  }
}

/** Per family, the indices that all lists have, ascending; families that some list lacks are absent. */
function commonPrompts(lists: readonly (readonly PromptResult[])[]): Map<string, number[]> {
  const counts = new Map<string, Map<number, number>>();
  for (const list of lists) {
    for (const { family, index } of list) {
      const own = counts.get(family) ?? new Map<number, number>();
      counts.set(family, own.set(index, (own.get(index) ?? 0) + 1));
    }
  }
  const common = new Map<string, number[]>();
  for (const [family, own] of counts) {
    const inAll = [...own].flatMap(([index, count]) => (count === lists.length ? [index] : []));
    if (inAll.length > 0)
      common.set(
        family,
        inAll.sort((a, b) => a - b),
      );
  }
  return common;
}

function chooseResults(
  results: readonly PromptResult[],
  common: ReadonlyMap<string, readonly number[]>,
): Map<string, PromptResult[]> {
  const byName = new Map(results.map((result) => [`${result.family}/${result.index}`, result]));
  return mapValues(common, (indices, family) =>
    indices.map((index) => byName.get(`${family}/${index}`)!),
  );
}

function logProbabilityOf(families: ReadonlyMap<string, readonly PromptResult[]>): number | null {
  const all = [...families.values()].map((results) =>
    results.map(({ logProbabilities }) => logProbabilities),
  );
  if (all.flat().some(({ length }) => length === 0)) return null;
  return mean(all.map((prompts) => mean(prompts.map(mean))));
}

function meanOf(results: readonly PromptResult[], value: (result: PromptResult) => number): number {
  return mean(results.map(value));
}

function mapValues<Key, From, To>(
  map: ReadonlyMap<Key, From>,
  change: (value: From, key: Key) => To,
): Map<Key, To> {
  return new Map([...map].map(([key, value]) => [key, change(value, key)]));
}
