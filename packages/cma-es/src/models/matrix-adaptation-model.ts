import { WasmInstance } from '@namm/core/portable';
import { type Functions, module } from '../generated/matrix-adaptation.js';
import { cholesky } from '../linear-algebra/cholesky.js';
import type { CovarianceModel, CovarianceUpdate, ModelState } from './covariance-model.js';
import {
  blockBytes,
  type Numbers,
  packColumns,
  packLeft,
  packRight,
  rankGroup,
  rowGroup,
  unpackColumns,
} from './panels.js';
import { addScaled, covarianceOf, dot, movePath, pathGain } from './vector-math.js';

/** Width of the numbers in the matrix. */
export type Precision = 'single' | 'double';

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;

/**
 * C in full without any decomposition, for hundreds to thousands of dimensions: O(n²) per candidate.
 *
 * The factor itself is adapted (Beyer and Sendhoff, "Simplify your covariance matrix adaptation evolution
 * strategy", 2017), here with the path p_c that CMA-ES has: C' = A (I + S) Aᵀ holds for
 * S = c_1 (q qᵀ − I) + c_μ Σ w (z zᵀ − I) with q = A⁻¹ p_c, and A' = A (I + S/2) to first order in the rates.
 *
 * A = α (I + E): only the deviation E is stored in the chosen precision, so that changes of 1e-7 per
 * generation, as at thousands of dimensions, are not lost in the rounding of ones. Vectors are double.
 */
export class MatrixAdaptationModel implements CovarianceModel {
  readonly path: Float64Array;
  readonly isDiagonal = false;
  /** q = A⁻¹ p_c. */
  readonly #whitePath: Float64Array;
  readonly #n: number;
  readonly #precision: Precision;
  readonly #kernels = new WasmInstance<Functions>(module);
  /** Rows and columns are padded with zeros to what the kernels take at a time. */
  readonly #rows: number;
  readonly #columns: number;
  readonly #matrix: number;
  #scale = 1;
  #scratch = 0;
  #scratchBytes = 0;
  /** Diagonal of C, and how many updates old it is. */
  #variances: Float64Array;
  #age = 0;

  /** @param covariance n × n, symmetric and positive definite; null for the identity */
  constructor(dimension: number, precision: Precision, covariance: Float64Array | null) {
    this.#n = dimension;
    this.#precision = precision;
    this.path = new Float64Array(dimension);
    this.#whitePath = new Float64Array(dimension);
    this.#rows = roundUp(dimension, rowGroup);
    this.#columns = roundUp(dimension, 8);
    this.#matrix = this.#kernels.allocate(this.#rows * this.#columns * this.#bytes);
    if (covariance) this.#setFactor(covariance);
    this.#variances = this.#computeVariances();
  }

  get #bytes(): number {
    return this.#precision === 'single' ? 4 : 8;
  }

  #view(address: number, length: number): Numbers {
    return this.#precision === 'single'
      ? this.#kernels.float32(address, length)
      : this.#kernels.float64(address, length);
  }

  #e(): Numbers {
    return this.#view(this.#matrix, this.#rows * this.#columns);
  }

  /** E = L − I with the Cholesky factor L of C. */
  #setFactor(covariance: Float64Array): void {
    const n = this.#n;
    const lower = cholesky(covariance, n);
    const e = this.#e();
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) e[i * this.#columns + j] = lower[i * n + j]! - (i === j ? 1 : 0);
    }
  }

  /** Room for panels beside the matrix; contents are void after it. */
  #reserve(numbers: readonly number[]): number[] {
    const sizes = numbers.map((count) => roundUp(count * this.#bytes, 16));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (total > this.#scratchBytes) {
      if (this.#scratchBytes > 0) this.#kernels.release(this.#scratch);
      this.#scratch = this.#kernels.allocate(total);
      this.#scratchBytes = total;
    }
    let address = this.#scratch;
    return sizes.map((size) => {
      address += size;
      return address - size;
    });
  }

  /** images = E · vectors. */
  #multiply(vectors: readonly Float64Array[], images: readonly Float64Array[]): void {
    const width = blockBytes / this.#bytes;
    const blocks = Math.ceil(vectors.length / width);
    const panelLength = blocks * width * this.#columns;
    const productLength = blocks * width * this.#rows;
    const [panel, product] = this.#reserve([panelLength, productLength]) as [number, number];
    packColumns(this.#view(panel, panelLength), vectors, this.#columns);
    const { multiplySingle, multiplyDouble } = this.#kernels.functions;
    const kernel = this.#precision === 'single' ? multiplySingle : multiplyDouble;
    kernel(this.#matrix, panel, product, this.#rows, this.#columns, blocks);
    unpackColumns(this.#view(product, productLength), images);
  }

  transform(normals: readonly Float64Array[], steps: readonly Float64Array[]): void {
    this.#multiply(normals, steps);
    for (const [index, step] of steps.entries()) {
      const normal = normals[index]!;
      for (let i = 0; i < step.length; i++) step[i] = this.#scale * (normal[i]! + step[i]!);
    }
  }

  /** Aᵀ v. */
  #transposed(v: Float64Array): Float64Array {
    const e = this.#e();
    const result = v.slice();
    for (let i = 0; i < this.#n; i++) {
      const factor = v[i]!;
      const row = i * this.#columns;
      for (let j = 0; j < this.#n; j++) result[j] = result[j]! + factor * e[row + j]!;
    }
    return result.map((value) => value * this.#scale);
  }

  /**
   * Solves A z = y by conjugate gradients on the normal equations: O(n²) per iteration, and as many as
   * the condition of A asks for; few while C is near the identity, as it is at thousands of dimensions.
   */
  whiten(step: Float64Array): Float64Array {
    const z = new Float64Array(this.#n);
    const residual = step.slice();
    let gradient = this.#transposed(residual);
    const direction = gradient.slice();
    const image = new Float64Array(this.#n);
    let norm = dot(gradient, gradient);
    const enough = norm * 1e-24; // ‖Aᵀ(y − A z)‖ to 1e-12 of its start
    for (let iteration = 0; iteration < 2 * this.#n && norm > enough; iteration++) {
      this.transform([direction], [image]);
      const length = norm / dot(image, image);
      for (let i = 0; i < z.length; i++) {
        z[i] = z[i]! + length * direction[i]!;
        residual[i] = residual[i]! - length * image[i]!;
      }
      gradient = this.#transposed(residual);
      const next = dot(gradient, gradient);
      for (let i = 0; i < z.length; i++) {
        direction[i] = gradient[i]! + (next / norm) * direction[i]!;
      }
      norm = next;
    }
    return z;
  }

  update(update: CovarianceUpdate): void {
    const { normals, weights, meanStep, meanNormal, pathMoves, rates, negativeScale } = update;
    const steps = normals.map((_, rank) => update.step(rank));
    const { covariancePath: c, rankOne, rankMu } = rates;
    const most = roundUp(steps.length + 1, rankGroup);
    this.#reserve([this.#rows * most, this.#columns * most]); // may throw, so before anything changes
    const gain = pathMoves ? pathGain(c, rates.effectiveParents) : 0;
    movePath(this.path, c, gain, meanStep);
    movePath(this.#whitePath, c, gain, meanNormal);

    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const decay = rankOne * (pathMoves ? 1 : 1 - c * (2 - c)) + rankMu * total;
    const factors = weights.map((weight, rank) => {
      const scaled = (rankMu * weight) / 2;
      const normal = normals[rank]!;
      return weight < 0 ? scaled * negativeScale(dot(normal, normal)) : scaled;
    });
    // A' = β A + ½ (c_1 p_c qᵀ + c_μ Σ w° y zᵀ); β goes into α, the sum divided by α' into E.
    const beta = 1 - decay / 2;
    this.#scale *= beta;
    this.#addOuterProducts(
      [this.path, ...steps],
      [this.#whitePath, ...normals],
      [rankOne / 2, ...factors].map((factor) => factor / this.#scale),
    );
    this.#turnPath(beta, [rankOne / 2, ...factors], [this.#whitePath.slice(), ...normals]);
    this.#age++;
    if (this.#age * 10 * this.#n * (rankOne + rankMu) >= 1) {
      this.#variances = this.#computeVariances();
      this.#age = 0;
    }
  }

  /** E += Σ factor_r left_r right_rᵀ. */
  #addOuterProducts(
    left: readonly Float64Array[],
    right: readonly Float64Array[],
    factors: readonly number[],
  ): void {
    const used = factors.flatMap((factor, rank) => (factor === 0 ? [] : [rank]));
    const ranks = roundUp(used.length, rankGroup);
    const [leftAt, rightAt] = this.#reserve([this.#rows * ranks, this.#columns * ranks]) as [
      number,
      number,
    ];
    const chosen = <Value>(values: readonly Value[]) => used.map((rank) => values[rank]!);
    const leftPanel = this.#view(leftAt, this.#rows * ranks);
    packLeft(leftPanel, chosen(left), chosen(factors), ranks);
    packRight(this.#view(rightAt, this.#columns * ranks), chosen(right), ranks);
    const { addProductSingle, addProductDouble } = this.#kernels.functions;
    const kernel = this.#precision === 'single' ? addProductSingle : addProductDouble;
    kernel(this.#matrix, leftAt, rightAt, this.#rows, this.#columns, ranks);
  }

  /** q ← A'⁻¹ A q = (β I + Σ f u uᵀ)⁻¹ q, to first order in the rates as A' itself. */
  #turnPath(beta: number, factors: readonly number[], vectors: readonly Float64Array[]): void {
    const q = this.#whitePath;
    const products = vectors.map((vector, rank) => factors[rank]! * dot(vector, q));
    for (const [rank, vector] of vectors.entries()) {
      addScaled(q, -products[rank]! / beta, vector);
    }
    for (let i = 0; i < q.length; i++) q[i] = q[i]! / beta;
  }

  /** Diagonal of A Aᵀ: 1 + 2 e_ii + Σ_j e_ij², times α². */
  #computeVariances(): Float64Array {
    const [address] = this.#reserve([this.#rows]) as [number];
    const { squareRowsSingle, squareRowsDouble } = this.#kernels.functions;
    const kernel = this.#precision === 'single' ? squareRowsSingle : squareRowsDouble;
    kernel(this.#matrix, address, this.#rows, this.#columns);
    const squares = this.#view(address, this.#n);
    const e = this.#e();
    return Float64Array.from({ length: this.#n }, (_, i) => {
      return this.#scale ** 2 * (1 + 2 * e[i * this.#columns + i]! + squares[i]!);
    });
  }

  /** As old as 1 / (10 n (c_1 + c_μ)) generations. */
  variances(target = new Float64Array(this.#n)): Float64Array {
    target.set(this.#variances);
    return target;
  }

  /** A lower bound: the ratio of the coordinates' deviations. */
  axisRatio(): number {
    let smallest = Number.POSITIVE_INFINITY;
    let largest = 0;
    for (const variance of this.#variances) {
      smallest = Math.min(smallest, variance);
      largest = Math.max(largest, variance);
    }
    return Math.sqrt(largest / smallest);
  }

  axis(): null {
    return null;
  }

  covariance(): Float64Array {
    return covarianceOf(this.#n, this);
  }

  save(): ModelState {
    const n = this.#n;
    const e = this.#e();
    const matrix = this.#precision === 'single' ? new Float32Array(n * n) : new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      matrix.set(e.subarray(i * this.#columns, i * this.#columns + n), i * n);
    }
    return {
      path: this.path,
      whitePath: this.#whitePath,
      matrix,
      variances: this.#variances,
      scaleAndAge: Float64Array.of(this.#scale, this.#age),
    };
  }

  load(state: ModelState): void {
    const n = this.#n;
    const e = this.#e();
    for (let i = 0; i < n; i++) {
      e.set(state.matrix!.subarray(i * n, (i + 1) * n), i * this.#columns);
    }
    this.path.set(state.path!);
    this.#whitePath.set(state.whitePath!);
    this.#variances.set(state.variances!);
    [this.#scale, this.#age] = state.scaleAndAge as unknown as [number, number];
  }
}
