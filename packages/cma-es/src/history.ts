/** One generation as plain data. Numbers that a model does not know are NaN. */
export interface HistoryRecord {
  readonly generation: number;
  /** Results told so far, this generation's included. */
  readonly evaluations: number;
  /** Step size after the generation. */
  readonly sigma: number;
  /** Longest over shortest axis of the distribution; a lower bound for matrix adaptation. */
  readonly axisRatio: number;
  /** Best fitness of the generation. */
  readonly best: number;
  readonly median: number;
  /** Mean fitness of the evaluations that did not fail. */
  readonly mean: number;
  /** Worst fitness that did not fail. */
  readonly worst: number;
  /** Evaluations that failed. */
  readonly failures: number;
  /** Standard deviations of the coordinates: smallest, mean, largest. */
  readonly smallestDeviation: number;
  readonly meanDeviation: number;
  readonly largestDeviation: number;
}

const columns = [
  'generation',
  'evaluations',
  'sigma',
  'axisRatio',
  'best',
  'median',
  'mean',
  'worst',
  'failures',
  'smallestDeviation',
  'meanDeviation',
  'largestDeviation',
] as const satisfies readonly (keyof HistoryRecord)[];

/** All records as one list of numbers, row by row. */
export function packHistory(records: readonly HistoryRecord[]): Float64Array {
  const packed = new Float64Array(records.length * columns.length);
  for (const [row, record] of records.entries()) {
    for (const [column, name] of columns.entries()) {
      packed[row * columns.length + column] = record[name];
    }
  }
  return packed;
}

/** What {@link packHistory} packed, or null for a list that it did not make. */
export function unpackHistory(packed: Float64Array): HistoryRecord[] | null {
  if (packed.length % columns.length !== 0) return null;
  return Array.from({ length: packed.length / columns.length }, (_, row) => {
    const entries = columns.map((name, column) => [name, packed[row * columns.length + column]!]);
    return Object.fromEntries(entries) as HistoryRecord;
  });
}

/** Smallest, mean and largest of a list; NaN when it is not known. */
function spread(values: Float64Array | null): [number, number, number] {
  if (!values) return [Number.NaN, Number.NaN, Number.NaN];
  let smallest = Number.POSITIVE_INFINITY;
  let largest = 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    smallest = Math.min(smallest, values[i]!);
    largest = Math.max(largest, values[i]!);
    sum += values[i]!;
  }
  return [smallest, sum / values.length, largest];
}

type Known = Pick<HistoryRecord, 'generation' | 'evaluations' | 'sigma' | 'axisRatio'>;

/**
 * The record of a generation.
 *
 * @param costs of the candidates, lower being better; at least one is finite
 * @param sign what costs are multiplied by to give fitness
 * @returns the record, and whether the better 70 % of the candidates are equal
 */
export function recordOf(
  costs: Float64Array,
  sign: 1 | -1,
  { deviations, ...known }: Known & { readonly deviations: Float64Array | null },
): { readonly record: HistoryRecord; readonly flat: boolean } {
  const sorted = costs.filter(Number.isFinite).sort();
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  const mean = sorted.reduce((sum, cost) => sum + cost / sorted.length, 0);
  const better = Math.max(2, Math.ceil(0.7 * costs.length));
  const [smallestDeviation, meanDeviation, largestDeviation] = spread(deviations);
  const record = {
    ...known,
    best: sign * sorted[0]!,
    median: sign * median,
    mean: sign * mean,
    worst: sign * sorted[sorted.length - 1]!,
    failures: costs.length - sorted.length,
    smallestDeviation,
    meanDeviation,
    largestDeviation,
  };
  return { record, flat: sorted.length >= better && sorted[0] === sorted[better - 1] };
}
