/** A recorded episode: row t holds what was seen, what was then done, and the reward for it. */
export interface Episode {
  /** Place in its source, from 0. */
  readonly index: number;
  readonly length: number;
  /** `length` × `observationSize`, row by row. */
  readonly observations: Float32Array;
  /** `length` × `actionSize`, row by row. */
  readonly actions: Float32Array;
  /** `length` numbers. */
  readonly rewards: Float32Array;
  /** What was seen after the last action, where the source has it. */
  readonly finalObservation: Float32Array | null;
  /** 'cut' where the recording stops in the middle; the published Decision Transformers leave these out. */
  readonly end: 'terminated' | 'truncated' | 'cut';
}

/** Recorded episodes, read one after the other, so that a file need not fit into memory. */
export interface EpisodeSource {
  readonly path: string;
  readonly observationSize: number;
  readonly actionSize: number;
  /** Steps of all episodes together. */
  readonly steps: number;
  /**
   * From the first episode on, each time it is called.
   * @throws {FileFormatError} naming file, key and sizes, when what is read is damaged or not finite
   */
  episodes(): AsyncIterable<Episode>;
  close(): Promise<void>;
}
