import type { CovarianceModel } from './models/covariance-model.js';

/** z and y of the candidates of a generation. The same memory serves all generations. */
export class Sample {
  /** z of each candidate. */
  readonly normals: readonly Float64Array[];
  readonly #model: CovarianceModel;
  /** y of each candidate; null where y = A z is made again whenever it is asked for. */
  readonly #steps: readonly Float64Array[] | null;
  readonly #made: Float64Array;

  /** @param storesSteps whether y is kept although the model would make it as fast: for y that is not A z */
  constructor(
    model: CovarianceModel,
    populationSize: number,
    dimension: number,
    storesSteps: boolean,
  ) {
    const vectors = () => Array.from({ length: populationSize }, () => new Float64Array(dimension));
    this.#model = model;
    this.normals = vectors();
    this.#steps = model.isDiagonal && !storesSteps ? null : vectors();
    this.#made = new Float64Array(this.#steps ? 0 : dimension);
  }

  /** y = A z for all candidates. */
  transform(): void {
    if (this.#steps) this.#model.transform(this.normals, this.#steps);
  }

  /** y of a candidate, in scaled coordinates: to be read before the next call, which may write over it. */
  step(index: number): Float64Array {
    if (this.#steps) return this.#steps[index]!;
    this.#model.transform([this.normals[index]!], [this.#made]);
    return this.#made;
  }
}
