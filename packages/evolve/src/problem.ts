import type { Evaluator } from './evaluation/evaluator.js';
import type { NamedTensors } from './named-tensors.js';

/**
 * Generations on the same kind of work; the next stage continues where this one ends. A problem adds what its units are
 * made from. Plain data.
 */
export interface Stage {
  readonly generations: number;
}

/**
 * What is evolved and how it is judged: the side of a problem that runs with the search. It computes no scores; an
 * `Evaluator` does. Equal settings must give equal units and judgements, otherwise a run could not resume exactly.
 *
 * @typeParam Unit a piece of work that a candidate is scored on, such as a prompt or an episode; plain data
 * @typeParam Score result of one candidate on one unit; JSON
 * @typeParam S settings of a stage
 * @typeParam Request what its evaluator measures before the first generation
 */
export interface Problem<Unit, Score, S extends Stage = Stage, Request = never> {
  /** What is evolved, for titles: `a NAMM (BAM scorer)`. */
  readonly title: string;
  /** Everything besides stages and search that affects scores and judgements. JSON; stored in the run's folder. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly stages: readonly S[];
  /**
   * Names of fixed contenders that are scored on every unit along with the candidates.
   * @defaultValue none
   */
  readonly baselines?: readonly string[];
  /** Where the search starts, `[dimension]`. */
  start(): Float64Array;
  /**
   * Measures, once before the first generation, data that every slice of work carries.
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
  /** Whether a value is a score of this problem; values may come from remote evaluators or old files. */
  isScore(value: unknown): value is Score;
  /** Combines a candidate's results on all units. Not called for candidates that failed on any unit. */
  judge(results: readonly UnitResult<Unit, Score>[]): Judgement;
  /**
   * Amount of work in a unit, in a measure that the problem chooses, such as tokens; for the log.
   * @defaultValue 1
   */
  sizeOf?(unit: Unit): number;
  /**
   * Writes parameters in a form that others can use.
   *
   * @param path where, without an extension
   * @defaultValue a JSON file with the parameters and their provenance
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
  /** The value to maximise. A value that is not finite counts as a failure. */
  readonly fitness: number;
  /**
   * How far the candidate falls short of what every candidate must reach. It ranks below all with a smaller shortfall,
   * whatever their fitness.
   * @defaultValue 0, no shortfall
   */
  readonly shortfall?: number;
  /** Of two candidates with equal fitness, the one with the lower cost is better. @defaultValue 0 */
  readonly cost?: number;
  /** Further measures, by name. */
  readonly measures?: Measures;
  /** The same for each kind of unit. */
  readonly tasks?: Readonly<Record<string, Measures>>;
}

/** Numbers by name. */
export type Measures = Readonly<Record<string, number>>;

/** Parameters found by a run, and their provenance. */
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
  /** How fitness is presented: an axis label, a sentence, and the fitness that a baseline has by definition. */
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
