/** A grid of numbers, drawn in shades of one colour with the numbers in the cells. */
export interface HeatMap {
  readonly kind: 'heatMap';
  readonly title: string;
  readonly description?: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Names of the columns, from left to right. */
  readonly columns: readonly string[];
  /** Names of the rows, from the top. */
  readonly rows: readonly string[];
  /** Per row a number for each column; null where there is none. */
  readonly values: readonly (readonly (number | null)[])[];
  /** The numbers at which the scale begins and ends; it has five equal steps. */
  readonly range: readonly [low: number, high: number];
  /** Further lines to show on hover, besides row, column and number; laid out like `values`. */
  readonly notes?: readonly (readonly string[])[];
}
