/** A model in some runtime, ready to generate. */
export interface Runtime {
  /**
   * Generates greedily from an empty cache.
   *
   * @param count tokens wanted; one comes from the prompt itself
   * @param onToken called as soon as each token is known; the logits are valid during the call only
   */
  generate(
    prompt: readonly number[],
    count: number,
    onToken: (token: number, logits: Float32Array) => void,
  ): Promise<void>;
}
