/** A model in some runtime, ready to generate. */
export interface Runtime {
  /**
   * Generates greedily from an empty cache.
   *
   * @param count tokens wanted; one comes from the prompt itself
   * @param onToken called as soon as each token is known
   */
  generate(
    prompt: readonly number[],
    count: number,
    onToken: (token: number) => void,
  ): Promise<void>;
  /** Wall-clock seconds that eviction policies have taken so far; left out where there are none. */
  policySeconds?(): number;
  /** The logits from which each token of the last call was chosen, if the runtime was told to keep them. */
  logits(): Promise<readonly Float32Array[]>;
}

/** What a runtime is told when it loads a model. */
export interface RuntimeOptions {
  /** A folder, or a GGUF file. */
  readonly model: string;
  readonly threads: number;
  /** Most tokens of a sequence. */
  readonly maximumTokens: number;
  readonly keepLogits: boolean;
}
