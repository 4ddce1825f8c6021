/** Rows that are added at once: enough to pay for the transposition, few enough for the processor's cache. */
const blockRows = 128;

/**
 * The sums that a linear regression needs, in float64, over any number of rows: the rows themselves are forgotten.
 * Several outputs share the inputs. The last input is the constant 1.
 */
export class NormalEquations {
  /** Inputs per row, and outputs. */
  readonly inputs: number;
  readonly outputs: number;
  /** Σ x xᵀ, `[inputs, inputs]`; only the upper triangle is written. */
  readonly products: Float64Array;
  /** Σ y x, `[outputs, inputs]`. */
  readonly moments: Float64Array;
  /** Σ y², `[outputs]`. */
  readonly squares: Float64Array;

  constructor(inputs: number, outputs: number) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.products = new Float64Array(inputs * inputs);
    this.moments = new Float64Array(outputs * inputs);
    this.squares = new Float64Array(outputs);
  }

  /** Rows added so far. */
  get rows(): number {
    return this.products[this.products.length - 1]!;
  }

  /**
   * Adds rows.
   *
   * @param x `[rows, inputs]`
   * @param y per output `[rows]`
   */
  add(x: Float64Array, y: readonly Float64Array[]): void {
    const { inputs, products, moments, squares } = this;
    const rows = x.length / inputs;
    for (let first = 0; first < rows; first += blockRows) {
      const count = Math.min(blockRows, rows - first);
      const columns = transposed(x, inputs, first, count);
      for (let i = 0; i < inputs; i++) {
        for (let j = i; j < inputs; j++) {
          products[i * inputs + j]! += dot(columns, i * count, columns, j * count, count);
        }
        for (const [output, values] of y.entries()) {
          moments[output * inputs + i]! += dot(columns, i * count, values, first, count);
        }
      }
      for (const [output, values] of y.entries()) {
        squares[output]! += dot(values, first, values, first, count);
      }
    }
  }

  /** Adds what other equations have summed. */
  join({ products, moments, squares }: NormalEquations): void {
    for (const [i, value] of products.entries()) this.products[i]! += value;
    for (const [i, value] of moments.entries()) this.moments[i]! += value;
    for (const [i, value] of squares.entries()) this.squares[i]! += value;
  }
}

/** `[inputs, count]` of the rows from `first` on. */
function transposed(x: Float64Array, inputs: number, first: number, count: number): Float64Array {
  const columns = new Float64Array(inputs * count);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < inputs; i++) columns[i * count + row] = x[(first + row) * inputs + i]!;
  }
  return columns;
}

/** Four sums, as none waits for another. */
function dot(
  a: Float64Array,
  fromA: number,
  b: Float64Array,
  fromB: number,
  count: number,
): number {
  let [s, t, u, v] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    s += a[fromA + i]! * b[fromB + i]!;
    t += a[fromA + i + 1]! * b[fromB + i + 1]!;
    u += a[fromA + i + 2]! * b[fromB + i + 2]!;
    v += a[fromA + i + 3]! * b[fromB + i + 3]!;
  }
  for (; i < count; i++) s += a[fromA + i]! * b[fromB + i]!;
  return s + t + u + v;
}
