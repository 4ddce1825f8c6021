/** y = W x + b, W `[outputs, inputs]`, in double precision: these layers are too small for a graph. */
export class Linear {
  readonly inputs: number;
  readonly outputs: number;
  readonly #weight: Float32Array;
  readonly #bias: Float32Array;

  /**
   * @param weight `[bias.length, inputs]`
   * @param bias one number per output
   */
  constructor(weight: Float32Array, bias: Float32Array) {
    this.outputs = bias.length;
    this.inputs = weight.length / bias.length;
    this.#weight = weight;
    this.#bias = bias;
  }

  /** Adds W x + b to `target`, `[outputs]`; `x` is `[inputs]`. */
  addTo(target: Float64Array, x: ArrayLike<number>): void {
    const { inputs, outputs } = this;
    for (let i = 0, at = 0; i < outputs; i++) {
      let sum = this.#bias[i]!;
      for (let j = 0; j < inputs; j++, at++) sum += this.#weight[at]! * x[j]!;
      target[i]! += sum;
    }
  }

  /** W x + b for each of several rows, `[rows, outputs]`; `x` is `[rows, inputs]`. */
  apply(x: Float32Array): Float32Array {
    const rows = x.length / this.inputs;
    const result = new Float32Array(rows * this.outputs);
    const sums = new Float64Array(this.outputs);
    for (let row = 0; row < rows; row++) {
      sums.fill(0);
      this.addTo(sums, x.subarray(row * this.inputs, (row + 1) * this.inputs));
      result.set(sums, row * this.outputs);
    }
    return result;
  }
}
