import { Generation } from './generation.js';
import type { NoiseHandler } from './noise.js';
import type { NormalSource } from './normals/fill-normals.js';
import type { ResolvedOptions } from './options.js';
import { Sample } from './sample.js';
import type { SearchDistribution } from './search-distribution.js';

/** What generations are drawn with. */
interface SamplerParts {
  readonly distribution: SearchDistribution;
  readonly normals: NormalSource;
  readonly noise: NoiseHandler | null;
}

/** Draws the generations of a strategy: z from seed, generation and index, y = A z, x = m + σ s ∘ y. */
export class Sampler {
  readonly #options: ResolvedOptions;
  readonly #parts: SamplerParts;
  readonly #sample: Sample;

  constructor(options: ResolvedOptions, parts: SamplerParts) {
    this.#options = options;
    this.#parts = parts;
    const { populationSize, firstGenerationShift, mean } = options;
    const { model } = parts.distribution;
    this.#sample = new Sample(model, populationSize, mean.length, firstGenerationShift > 0);
  }

  /**
   * Draws a generation; the memory of the one before serves again.
   *
   * @param number of the generation, from 0
   * @param injected points that take the first places
   */
  draw(number: number, injected: readonly Float64Array[]): Generation {
    const { seed, restart, bounds, firstGenerationShift } = this.#options;
    const { distribution, noise } = this.#parts;
    const sample = this.#sample;
    const { normals } = sample;
    for (const [index, normal] of normals.entries()) {
      this.#parts.normals(normal, seed, [number, index, restart]);
    }
    sample.transform();
    if (firstGenerationShift > 0 && number === 0) this.#shift(firstGenerationShift);
    for (const [index, point] of injected.entries()) {
      distribution.place(point, normals[index]!, sample.step(index));
    }
    if (bounds?.handling === 'clip') distribution.moveInside(sample, bounds);
    const repeated = noise?.chosen(normals.length, seed, number, restart) ?? [];
    return new Generation(number, { sample, injected, repeated });
  }

  /** As if C were I + s 1 1ᵀ, whose root is I + κ 1 1ᵀ with κ = (√(1 + s n) − 1) / n. */
  #shift(shift: number): void {
    const n = this.#options.mean.length;
    const factor = (Math.sqrt(1 + shift * n) - 1) / n;
    for (const [index, normal] of this.#sample.normals.entries()) {
      const sum = normal.reduce((total, value) => total + value, 0);
      const step = this.#sample.step(index);
      for (let i = 0; i < n; i++) step[i] = step[i]! + factor * sum;
    }
  }

  /**
   * A candidate before any clipping.
   *
   * @param target where to write it, new memory if left out
   */
  point(
    { sample, injected }: Generation,
    index: number,
    target: Float64Array = new Float64Array(this.#options.mean.length),
  ): Float64Array {
    const point = injected[index];
    if (!point) return this.#parts.distribution.pointOf(sample.step(index), target);
    target.set(point);
    return target;
  }
}
