import { ablated } from './ablated-scorer.js';
import { AttentionScorer } from './attention-scorer.js';
import type { Scorer } from './scorer.js';
import { checkSettings, type ScorerSettings } from './scorer-settings.js';
import { TokenScorer } from './token-scorer.js';

/**
 * Makes a scorer from a flat list of parameters, which it copies.
 *
 * @param parameters in the order of `parameterLayout(settings)`
 * @throws {InvalidArgumentError} when settings are out of range, or the parameters are not finite or of the wrong
 *   number
 *
 * @example
 * ```ts
 * const scorer = createScorer(publishedBam, new Float32Array(4172));
 * scorer.score(features, [1024, 700]); // two heads; all scores are 0: everything is kept
 * ```
 */
export function createScorer(settings: ScorerSettings, parameters: Float32Array): Scorer {
  checkSettings(settings);
  const scorer =
    settings.kind === 'bam'
      ? new AttentionScorer(settings, parameters)
      : new TokenScorer(settings, parameters);
  const isAblated = settings.visible || (settings.kind === 'bam' && settings.attention === false);
  return isAblated ? ablated(scorer) : scorer;
}
