import { InvalidArgumentError, shown } from '@namm/core/portable';
import type { CandidateId, Evaluation } from './candidate.js';
import { CandidateError } from './errors.js';
import type { Sample } from './sample.js';

/** @throws {InvalidArgumentError} for anything but a list of results, each with a number as its fitness */
export function checkEvaluations(evaluations: readonly Evaluation[]): void {
  if (!Array.isArray(evaluations)) {
    const problem = `${shown(evaluations)} is not a list; tell takes [{ id, fitness }, …]`;
    throw new InvalidArgumentError('evaluations', problem);
  }
  // a hole in a list is not a result either, so the list is read by index
  for (let i = 0; i < evaluations.length; i++) {
    const evaluation: unknown = evaluations[i];
    if (typeof evaluation !== 'object' || evaluation === null || !('fitness' in evaluation)) {
      const problem = `${shown(evaluation)} has no fitness; tell takes [{ id, fitness }, …]`;
      throw new InvalidArgumentError(`evaluations[${i}]`, problem);
    }
    const { fitness } = evaluation;
    if (typeof fitness === 'number') continue;
    const hint = fitness instanceof Promise ? 'await it first' : 'NaN says that it failed';
    throw new InvalidArgumentError('fitness', `${shown(fitness)} is not a number; ${hint}`);
  }
}

/** The candidates of one generation, and the results that have come in. */
export class Generation {
  readonly number: number;
  /** z and y of the candidates. */
  readonly sample: Sample;
  /** Points of the caller's own that are the first candidates. */
  readonly injected: readonly Float64Array[];
  /** Indices of the candidates that are evaluated twice. */
  readonly repeated: readonly number[];
  /** Fitness by slot: every candidate's first evaluation, then the second ones. */
  readonly fitness: Float64Array;
  /** 1 for slots whose result is there. */
  readonly told: Uint8Array;

  constructor(
    number: number,
    { sample, injected, repeated }: Pick<Generation, 'sample' | 'injected' | 'repeated'>,
  ) {
    this.number = number;
    this.sample = sample;
    this.injected = injected;
    this.repeated = repeated;
    const slots = this.size + repeated.length;
    this.fitness = new Float64Array(slots);
    this.told = new Uint8Array(slots);
  }

  get size(): number {
    return this.sample.normals.length;
  }

  get complete(): boolean {
    return this.told.every((told) => told === 1);
  }

  /** Ids of all evaluations, in the order of the slots. */
  ids(run: string): CandidateId[] {
    const id = (index: number, repeat: number) => ({ run, generation: this.number, index, repeat });
    return [
      ...this.sample.normals.map((_, index) => id(index, 0)),
      ...this.repeated.map((index) => id(index, 1)),
    ];
  }

  /** @returns −1 when no evaluation has that index and repeat */
  #place({ index, repeat }: CandidateId): number {
    if (repeat === 0)
      return Number.isInteger(index) && index >= 0 && index < this.size ? index : -1;
    const place = repeat === 1 ? this.repeated.indexOf(index) : -1;
    return place < 0 ? -1 : this.size + place;
  }

  /**
   * The slot of an evaluation.
   *
   * @throws {CandidateError} for ids of other runs or generations, or of no candidate
   */
  slotOf(id: CandidateId, run: string): number {
    if (id?.run !== run) {
      throw new CandidateError('foreign', id, `${nameOf(id)} is not of this run, '${run}'`);
    }
    if (id.generation < this.number) {
      throw new CandidateError(
        'late',
        id,
        `${nameOf(id)} is late: the current generation is ${this.number}`,
      );
    }
    const slot = id.generation === this.number ? this.#place(id) : -1;
    if (slot >= 0) return slot;
    const place = `generation ${this.number} with ${this.size} candidates`;
    throw new CandidateError('foreign', id, `${nameOf(id)} was never asked for; this is ${place}`);
  }

  /** Takes results, all or none. */
  take(evaluations: readonly Evaluation[], slots: readonly number[]): void {
    for (const [position, { fitness }] of evaluations.entries()) {
      this.fitness[slots[position]!] = fitness;
      this.told[slots[position]!] = 1;
    }
  }

  /**
   * The slots of results, none of which may be there already or come twice.
   *
   * @throws {CandidateError} as {@link slotOf}, and for results told before
   */
  slotsOf(evaluations: readonly Evaluation[], run: string): number[] {
    const seen = new Set<number>();
    return evaluations.map(({ id }) => {
      const slot = this.slotOf(id, run);
      if (this.told[slot] === 1 || seen.has(slot)) {
        throw new CandidateError('told', id, `the fitness of ${nameOf(id)} was told before`);
      }
      seen.add(slot);
      return slot;
    });
  }
}

/** An id in words; what comes in may be no id at all. */
const nameOf = (id: CandidateId | undefined) =>
  `candidate ${id?.generation}:${id?.index}:${id?.repeat} of run '${id?.run}'`;
