import { checksum, InvalidArgumentError, numberList, shown } from '@namm/core/portable';
import { CmaEs, type LoadOptions } from '../cma-es.js';
import type { CmaEsOptions } from '../options.js';
import { toJson } from '../state/json.js';
import { checkParameter } from './check-parameter.js';
import { type Coding, codingOf, sizeOf } from './coding.js';
import type { Parameter, ValueOf } from './parameter.js';

/** Values of all parameters, by name. */
export type ValuesOf<Parameters extends Readonly<Record<string, Parameter>>> = {
  readonly [Name in keyof Parameters]: ValueOf<Parameters[Name]>;
};

/** Deviation of the first candidates, as a share of each range: pycma's advice for a box. */
const firstDeviation = 0.25;

/**
 * Maps parameters of different kinds to a box of numbers from 0 to 1, in which CMA-ES searches with one step size for
 * all.
 *
 * - `linear` and `log` take one coordinate each.
 * - `integer` and `ordinal` take one that is rounded. Its deviation stays large enough for a candidate to reach another
 *   value with a probability of at least 1/(nλ), as in the CMA-ES with margin (Hamano and others, 2022), so that none
 *   of them freezes while others are still searched. The rest of that method, moving the mean, is not needed: the mean
 *   stays in the box, where it is at most half a step away from another value.
 * - `categorical` takes one coordinate per choice, of which the largest wins, under the same rule. No order of the
 *   choices is assumed. A parameter of k choices costs as many evaluations as k numbers do, so use at most about ten. A
 *   parameter that matters only under some choices is also searched, without effect, under the others.
 *
 * @example
 * ```ts
 * const space = new SearchSpace({
 *   learningRate: { kind: 'log', low: 1e-5, high: 1e-1 },
 *   layers: { kind: 'integer', low: 1, high: 8 },
 *   optimiser: { kind: 'categorical', choices: ['sgd', 'adam'] },
 * });
 * const search = await optimise((x) => train(space.decode(x)), { ...space.options, seed: 1 });
 * space.decode(search.answer).optimiser; // 'sgd' or 'adam'
 * ```
 */
export class SearchSpace<const Parameters extends Readonly<Record<string, Parameter>>> {
  readonly #parameters: Parameters;
  readonly #codings: readonly (Coding & { readonly name: string; readonly at: number })[];
  /** Coordinates in all. */
  readonly dimension: number;

  /**
   * @param parameters by name; a saved search belongs to these names and limits
   * @throws {InvalidArgumentError} naming the invalid parameter
   */
  constructor(parameters: Parameters) {
    if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
      const problem = `${shown(parameters)} is not an object with a parameter under each name`;
      throw new InvalidArgumentError('parameters', problem);
    }
    const all = Object.entries(parameters);
    if (all.length === 0) throw new InvalidArgumentError('parameters', 'there are none');
    for (const [name, parameter] of all) checkParameter(name, parameter);
    const dimension = all.reduce((sum, [, parameter]) => sum + sizeOf(parameter), 0);
    const margin = 1 / (dimension * (4 + Math.floor(3 * Math.log(dimension))));
    let at = 0;
    this.#codings = all.map(([name, parameter]) => {
      const coding = codingOf(parameter, margin);
      at += coding.size;
      return { ...coding, name, at: at - coding.size };
    });
    this.#parameters = structuredClone(parameters);
    this.dimension = dimension;
  }

  /** Options for a strategy in this space: spread them, and add a seed. */
  get options(): Pick<CmaEsOptions, 'mean' | 'sigma' | 'bounds' | 'minimumDeviation' | 'run'> {
    const minimumDeviation = new Float64Array(this.dimension);
    const mean = new Float64Array(this.dimension);
    for (const coding of this.#codings) {
      mean.set(coding.start, coding.at);
      minimumDeviation.fill(coding.minimumDeviation, coding.at, coding.at + coding.size);
    }
    return {
      mean,
      sigma: firstDeviation,
      // Clipped, so that the mean stays inside: it is an average of points that do. Penalties let it wander off, and half
      // of the runs of a test problem ended at wrong categories.
      bounds: { lower: 0, upper: 1, handling: 'clip' },
      minimumDeviation,
      run: `space-${this.#digest()}`,
    };
  }

  /** Of everything that decoding depends on. */
  #digest(): string {
    const all = Object.entries(this.#parameters).map(([name, parameter]) =>
      'choices' in parameter
        ? [name, parameter.kind, parameter.choices]
        : [name, parameter.kind, parameter.low, parameter.high],
    );
    return checksum([new TextEncoder().encode(toJson(all))]);
  }

  /**
   * The values at a point.
   *
   * @param point one number per coordinate, such as a candidate's parameters or a strategy's answer
   * @returns the value of each parameter; points outside the box are moved to its edge
   * @throws {InvalidArgumentError} for a point of another length, or numbers that are not finite
   */
  decode(point: ArrayLike<number>): ValuesOf<Parameters> {
    const copy = numberList('point', point, { length: this.dimension });
    const inside = copy.map((value) => Math.min(1, Math.max(0, value)));
    const values = this.#codings.map(({ name, at, size, decode }) => [
      name,
      decode(inside.subarray(at, at + size)),
    ]);
    return Object.fromEntries(values) as ValuesOf<Parameters>;
  }

  /**
   * The point that represents some values, for `inject` and `warmStart`.
   *
   * @param values of all parameters
   * @returns a point that {@link decode} turns back into the same values, except for rounding of logarithms
   * @throws {InvalidArgumentError} naming the parameter whose value is missing or out of range, or the unknown name
   */
  encode(values: ValuesOf<Parameters>): Float64Array {
    if (typeof values !== 'object' || values === null) {
      throw new InvalidArgumentError('values', `${shown(values)} is not an object`);
    }
    const names = this.#codings.map(({ name }) => name);
    const other = Object.keys(values).find((name) => !names.includes(name));
    if (other !== undefined) {
      throw new InvalidArgumentError(other, `is not a parameter; there are ${names.join(', ')}`);
    }
    const point = new Float64Array(this.dimension);
    for (const { name, at, encode } of this.#codings) {
      const value: unknown = Object.hasOwn(values, name) ? values[name] : undefined;
      const coordinates = encode(value);
      if (!coordinates) throw new InvalidArgumentError(name, `cannot be ${shown(value)}`);
      point.set(coordinates, at);
    }
    return point;
  }

  /**
   * Continues a search of this space, as `CmaEs.load` does. It rejects bytes of another space, which would be decoded
   * wrongly.
   *
   * @param bytes of `save()`
   * @param given as for `CmaEs.load`
   * @returns the strategy as it was
   * @throws {InvalidArgumentError} for a search of other parameters, or one that was given another `run`
   * @throws {FileFormatError} for bytes that are truncated, damaged, or something else
   */
  load(bytes: Uint8Array, given?: LoadOptions): CmaEs {
    const strategy = CmaEs.load(bytes, given);
    const { run } = this.options;
    if (strategy.options.run === run) return strategy;
    const problem = `are of the run '${strategy.options.run}', not of this space, '${run}'`;
    throw new InvalidArgumentError('bytes', `${problem}; it continues with the old parameters`);
  }
}
