/** Identifies a candidate: with the state of its run, it can be recomputed anywhere. */
export interface CandidateId {
  readonly run: string;
  /** Counted from 0. */
  readonly generation: number;
  /** Place in the generation, from 0. */
  readonly index: number;
  /** 0; 1 for the second evaluation of a candidate under noise handling. */
  readonly repeat: number;
}

/** A point to be evaluated. */
export interface Candidate {
  readonly id: CandidateId;
  /** One number per dimension: the caller's own copy, unless asked for with `reuse`. */
  readonly parameters: Float64Array;
}

/** Options of asking for candidates. */
export interface AskOptions {
  /**
   * Whether the next generation may overwrite these parameters. Generations then allocate no new arrays, and you must
   * copy what you want to keep. What the strategy itself keeps, such as its best candidate, is a copy.
   *
   * @defaultValue false
   */
  readonly reuse?: boolean;
}

/** The result of an evaluation. */
export interface Evaluation {
  readonly id: CandidateId;
  /** A number that is not finite means that the evaluation failed. */
  readonly fitness: number;
}

/** A candidate and its fitness. */
export interface EvaluatedCandidate extends Candidate {
  readonly fitness: number;
}
