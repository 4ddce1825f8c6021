/** How RoPE frequencies are changed to extend the context beyond the training length. */
export type RotaryScaling =
  | { readonly kind: 'none' }
  /** Positions divided by a factor (Chen et al., arXiv 2306.15595). */
  | {
      readonly kind: 'linear';
      readonly factor: number;
      /** Positions before the extension, if the configuration states them. */
      readonly trainedPositions?: number;
    }
  /** NTK-aware base that grows with the largest position of the current call. */
  | { readonly kind: 'dynamic'; readonly factor: number; readonly trainedPositions: number }
  /** NTK-aware base, fixed: base·((α·factor) − (α − 1))^(d/(d−2)). */
  | { readonly kind: 'ntk'; readonly factor: number; readonly alpha: number }
  /** Llama 3.1: low frequencies divided by a factor, high ones kept, a ramp between. */
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly trainedPositions: number;
    }
  /** YaRN (Peng et al., arXiv 2309.00071). */
  | {
      readonly kind: 'yarn';
      readonly factor: number;
      readonly trainedPositions: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly truncate: boolean;
      readonly attentionFactor: number;
    }
  /** LongRoPE (Ding et al., arXiv 2402.13753): one divisor per frequency, for short and long calls. */
  | {
      readonly kind: 'longrope';
      readonly shortFactors: readonly number[];
      readonly longFactors: readonly number[];
      readonly trainedPositions: number;
      readonly attentionFactor: number;
    };

/** One rotary table of a model. */
export interface RotarySpec {
  /** Leading numbers of each head that are rotated; even. */
  readonly size: number;
  /** θ: frequency i is θ^(−2i/size). */
  readonly base: number;
  readonly scaling: RotaryScaling;
  /**
   * For tokens with positions along several axes (M-RoPE): the axis whose position each frequency rotates by,
   * `[size / 2]`.
   * @defaultValue all rotate by the first axis
   */
  readonly axes?: readonly number[];
}
