import { WasmInstance } from '@namm/core';
import { type Functions, module } from './generated/column-products.js';

/** Rows that are added at once, an even number: enough to pay for the transposition, few enough for the processor's cache. */
const blockRows = 128;
/** What the kernel works on at a time. */
const columnsAtATime = 4;

/**
 * The sums that a linear regression needs, in float64, over any number of rows; the rows themselves are not kept.
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
    const rows = x.length / this.inputs;
    const sums = new BlockSums(this.inputs, this.outputs);
    for (let first = 0; first < rows; first += blockRows) {
      sums.add(x, y, first, Math.min(blockRows, rows - first));
    }
    this.#take(sums);
  }

  /** Adds the sums of other equations. */
  join({ products, moments, squares }: NormalEquations): void {
    for (const [i, value] of products.entries()) this.products[i]! += value;
    for (const [i, value] of moments.entries()) this.moments[i]! += value;
    for (const [i, value] of squares.entries()) this.squares[i]! += value;
  }

  /** Inputs come first, outputs behind them. */
  #take({ numbers, width }: BlockSums): void {
    const { inputs, outputs, products, moments, squares } = this;
    for (let i = 0; i < inputs; i++) {
      for (let j = i; j < inputs; j++) products[i * inputs + j]! += numbers[i * width + j]!;
      for (let output = 0; output < outputs; output++) {
        moments[output * inputs + i]! += numbers[i * width + inputs + output]!;
      }
    }
    for (let output = 0; output < outputs; output++) {
      squares[output]! += numbers[(inputs + output) * (width + 1)]!;
    }
  }
}

/** Products of all columns with each other, summed in the kernel's memory; one for all equations, as it is large. */
const kernel = new WasmInstance<Functions>(module);
const start = kernel.allocate(0);

/** The sums of some rows; there is one at a time. */
class BlockSums {
  /** Columns, filled up for the kernel with some of zeros. */
  readonly width: number;
  readonly #inputs: number;
  readonly #sums: number;
  readonly #columns: number;

  constructor(inputs: number, outputs: number) {
    this.#inputs = inputs;
    this.width = Math.ceil((inputs + outputs) / columnsAtATime) * columnsAtATime;
    kernel.release(start);
    this.#sums = kernel.allocate(8 * this.width ** 2);
    this.#columns = kernel.allocate(8 * this.width * blockRows);
    this.numbers.fill(0);
  }

  /** `[width, width]`, right from the diagonal on. */
  get numbers(): Float64Array {
    return kernel.float64(this.#sums, this.width ** 2);
  }

  add(x: Float64Array, y: readonly Float64Array[], first: number, count: number): void {
    const even = count + (count % 2); // a row of zeros adds nothing
    const inputs = this.#inputs;
    const columns = kernel.float64(this.#columns, this.width * even);
    columns.fill(0);
    for (let row = 0; row < count; row++) {
      const from = (first + row) * inputs;
      for (let i = 0; i < inputs; i++) columns[i * even + row] = x[from + i]!;
      for (const [output, values] of y.entries()) {
        columns[(inputs + output) * even + row] = values[first + row]!;
      }
    }
    kernel.functions.addProducts(this.#columns, this.width, even, this.#sums);
  }
}
