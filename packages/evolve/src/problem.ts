import type { Evaluator } from './evaluation/evaluator.js';
import type { NamedTensors } from './named-tensors.js';

/**
 * Generations on work of the same kind; the next stage goes on from where this one ends. A problem adds what its
 * units are made from. Plain data.
 */
export interface Stage {
  readonly generations: number;
}

/**
 * What is evolved and how it is judged: the side of a problem that sits beside the search. It computes no score; an
 * `Evaluator` does. Equal settings must mean equal units and judgements, or a run could not go on exactly.
 *
 * @typeParam Unit a piece of work that a candidate is scored on, such as a prompt or an episode; plain data
 * @typeParam Score what comes of one candidate on one unit; JSON
 * @typeParam S what a stage says
 * @typeParam Request what its evaluator measures before the first generation
 */
export interface Problem<Unit, Score, S extends Stage = Stage, Request = never> {
  /** What is evolved, for titles: `a NAMM (BAM scorer)`. */
  readonly title: string;
  /** All that decides about scores and judgements, beside stages and search. JSON; kept in the run's folder. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly stages: readonly S[];
  /**
   * Names of fixed contenders that are scored on every unit beside the candidates.
   * @defaultValue none
   */
  readonly baselines?: readonly string[];
  /** Where the search starts, `[dimension]`. */
  start(): Float64Array;
  /**
   * Measures, once before the first generation, what every slice of work carries along.
   * @defaultValue nothing is measured
   */
  prepare?(evaluator: Evaluator<Unit, Score, Request>): Promise<NamedTensors>;
  /** The units of a generation, the same for all its candidates. */
  trainingUnits(
    stage: S,
    place: { readonly generation: number; readonly seed: number },
  ): readonly Unit[] | Promise<readonly Unit[]>;
  /** The units that the mean of the distribution is judged on: always the same ones within a stage. */
  validationUnits(stage: S): readonly Unit[] | Promise<readonly Unit[]>;
  /** Whether a value is a score of this problem: evaluators may be far away, and files old. */
  isScore(value: unknown): value is Score;
  /** Puts together how a candidate did on all units. It is not asked about candidates that failed on one. */
  judge(results: readonly UnitResult<Unit, Score>[]): Judgement;
  /**
   * How much work a unit is, in a measure of the problem's, such as tokens; for the log.
   * @defaultValue 1
   */
  sizeOf?(unit: Unit): number;
  /**
   * Writes parameters in a form that others can use.
   *
   * @param path where, without an extension
   * @defaultValue a JSON file with the parameters and what is known of them
   */
  save?(path: string, found: Found): Promise<void>;
  /** How a run is shown. @defaultValue fitness and step size */
  readonly presentation?: Presentation;
}

/** One unit: how a candidate and the baselines did on it. */
export interface UnitResult<Unit, Score> {
  readonly unit: Unit;
  readonly score: Score;
  /** By name. */
  readonly baselines: Readonly<Record<string, Score>>;
}

/** How a candidate did on all units of a generation. */
export interface Judgement {
  /** What is maximised. One that is not finite counts as a failure. */
  readonly fitness: number;
  /**
   * By how much a candidate misses what is demanded of every candidate: it ranks below all that miss less, whatever
   * their fitness.
   * @defaultValue 0, which is enough
   */
  readonly shortfall?: number;
  /** Of candidates of equal fitness, the one that costs less is the better one. @defaultValue 0 */
  readonly cost?: number;
  /** What else is worth knowing, by name. */
  readonly measures?: Measures;
  /** The same for each kind of unit. */
  readonly tasks?: Readonly<Record<string, Measures>>;
}

/** Numbers by name. */
export type Measures = Readonly<Record<string, number>>;

/** Parameters that a run has found, and where they come from. */
export interface Found {
  readonly parameters: Float64Array;
  readonly prepared: NamedTensors;
  /** Generations completed. */
  readonly generation: number;
  /** The evaluator's version. */
  readonly evaluator: string;
  readonly validation: Judgement;
  readonly search: Readonly<Record<string, unknown>>;
}

/** How a run of a problem is shown on its page. */
export interface Presentation {
  /** What fitness is: the label of an axis, a sentence, and what a baseline has by definition. */
  readonly fitness?: {
    readonly label: string;
    readonly description?: string;
    readonly baseline?: { readonly name: string; readonly fitness: number };
  };
  /** A chart for each group of measures, over the generations; of the first one, the candidates' too. */
  readonly charts?: readonly {
    readonly title: string;
    readonly label: string;
    readonly measures: readonly string[];
  }[];
  /** Names of measures for readers. @defaultValue their own */
  readonly names?: Readonly<Record<string, string>>;
  /** Which measures are shares, shown as percentages. */
  readonly shares?: readonly string[];
  /** A chart for each kind of unit: the measures shown, those of baselines dashed. */
  readonly tasks?: {
    readonly label: string;
    /** Whether the measures are shares of one, which are written in percent. */
    readonly areShares?: boolean;
    readonly measures: readonly { readonly name: string; readonly dashed?: boolean }[];
  };
}
