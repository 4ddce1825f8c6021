/** How a model with RoPE reads beyond its training length. */
export interface RopeScaling {
  /** Run length over training length, at least 1; the position limit grows by it. */
  readonly factor: number;
  /**
   * - `ntk`, static and NTK-aware: base′ = base·((α·factor) − (α − 1))^(d/(d−2)), d the rotated numbers per head. High
   *   frequencies, which distinguish neighbours, stay; low ones are stretched.
   * - `yarn` (Peng et al. 2023, https://arxiv.org/abs/2309.00071): frequencies that rotate more than 32 times within
   *   the training length stay, those that rotate less than once are divided by the factor, with a ramp in between; and
   *   the logits are multiplied by (0.1·ln(factor) + 1)².
   * @defaultValue 'ntk'
   */
  readonly kind?: 'ntk' | 'yarn';
  /**
   * How strongly `ntk` raises the base beyond what `factor` requires; must be 1 with `yarn`.
   * @defaultValue 1
   */
  readonly alpha?: number;
  /**
   * Factor on the attention logits, with any factor and model: above 1 it sharpens attention that a longer
   * context has diluted.
   * @defaultValue 1
   */
  readonly logitFactor?: number;
}
