import { mean } from '@namm/statistics';
import { grouped } from './grouped.js';
import type { PublicResult } from './public-result.js';

/** Scores of a policy by length and depth. */
export interface DepthMap {
  readonly benchmark: string;
  readonly policy: string;
  readonly budget: string;
  /** Columns, ascending. */
  readonly lengths: readonly number[];
  /** Rows, from the beginning of the texts. */
  readonly depths: readonly number[];
  /** `[depths][lengths]`: official scores, 0 to 100; null where nothing was asked. */
  readonly scores: readonly (readonly (number | null)[])[];
  /** `[depths][lengths]`: prompts. */
  readonly prompts: readonly (readonly number[])[];
}

/** A map for each policy and benchmark whose items have numeric lengths and depths. */
export function heatMaps(results: readonly PublicResult[]): DepthMap[] {
  const placed = results.flatMap((result) => {
    const { length, depth } = result.groups;
    const place = { length: Number(length), depth: Number(depth) };
    const isPlaced = length !== undefined && depth !== undefined;
    return isPlaced && Object.values(place).every(Number.isFinite) ? [{ result, ...place }] : [];
  });
  const keyOf = ({ result: { benchmark, policy, budget } }: (typeof placed)[number]) =>
    JSON.stringify([benchmark, policy, budget]);
  return [...grouped(placed, keyOf).values()].map((own): DepthMap => {
    const { benchmark, policy, budget } = own[0]!.result;
    const all = placed.filter(({ result }) => result.benchmark === benchmark);
    const ascending = (numbers: readonly number[]) => [...new Set(numbers)].sort((a, b) => a - b);
    const lengths = ascending(all.map(({ length }) => length));
    const depths = ascending(all.map(({ depth }) => depth));
    const cells = depths.map((depth) =>
      lengths.map((length) =>
        own
          .filter((each) => each.depth === depth && each.length === length)
          .map(({ result: { official } }) => 100 * (official ?? 0)),
      ),
    );
    return {
      ...{ benchmark, policy, budget, lengths, depths },
      scores: cells.map((row) => row.map((cell) => (cell.length > 0 ? mean(cell) : null))),
      prompts: cells.map((row) => row.map(({ length }) => length)),
    };
  });
}
