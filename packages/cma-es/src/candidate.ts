/** Names a candidate: with the state of its run, it can be made again anywhere. */
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
  /** As many numbers as dimensions: the caller's own copy, unless it was asked for with `reuse`. */
  readonly parameters: Float64Array;
}

/** How candidates are handed out. */
export interface AskOptions {
  /**
   * Whether the next generation's parameters may be written over these: then no generation leaves arrays behind, and what
   * is to be kept must be copied. What the strategy keeps itself, as its best, is its own.
   *
   * @defaultValue false
   */
  readonly reuse?: boolean;
}

/** What an evaluation found. */
export interface Evaluation {
  readonly id: CandidateId;
  /** A number that is not finite says that the evaluation failed. */
  readonly fitness: number;
}

/** A candidate and its fitness. */
export interface EvaluatedCandidate extends Candidate {
  readonly fitness: number;
}
