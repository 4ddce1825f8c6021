/** The outcome of one case of a fixture. */
export interface ConformanceResult {
  kind: string;
  name: string;
  /** Largest error; null when the comparison is not numeric, or was skipped. */
  error: number | null;
  tolerance: number | null;
  /** Null when the case was skipped. */
  ok: boolean | null;
  /** Why the case failed or was skipped. */
  note?: string;
}

/** One kind of fixture: how to know it, and how to compare the packages with it. */
export interface ConformanceKind {
  readonly name: string;
  /** Whether a folder holds a fixture of this kind, judged by its files. */
  recognises(folder: string): Promise<boolean>;
  /** Runs every case of a folder that was recognised. */
  run(folder: string): AsyncIterable<ConformanceResult>;
}
