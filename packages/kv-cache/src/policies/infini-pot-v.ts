import { checkInteger, checkNames, InvalidArgumentError } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { CacheView, EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { valueNorms } from '../scoring/row-norms.js';
import { rowScorer } from '../scoring/row-scorer.js';
import { scoredPolicy } from '../scoring/scored-policy.js';
import { TopSlots } from '../scoring/top-slots.js';

/** Options of {@link infiniPotVScorer}. */
export interface InfiniPotVSettings {
  /** Tokens from the start of one frame to the start of the next, including text between them. */
  readonly tokensPerFrame: number;
  /** Number of the first token of the first frame; tokens before it always stay. @defaultValue 1 */
  readonly firstToken?: number;
  /**
   * Share of the rows that stay because later frames do not resemble them, including the recent ones. @defaultValue 0.5
   */
  readonly redundancyShare?: number;
  /** Share of the rows that count as recent: they stay, and earlier rows are compared with them. @defaultValue 0.25 */
  readonly recentShare?: number;
}

/** Options of {@link infiniPotV}. */
export interface InfiniPotVOptions extends InfiniPotVSettings {
  readonly budget: BudgetInput;
}

/**
 * InfiniPot-V, for videos (Kim et al. 2025, https://arxiv.org/abs/2506.15745). Each head keeps its recent rows; then,
 * up to a share, the rows whose keys are least like recent keys at the same place in their frames, by mean cosine
 * (temporal-axis redundancy); then the rows with the longest values, ‖v_j‖₂ (value norm).
 *
 * A row's place in its frame follows from its token's number, even after eviction; the published code counts the
 * remaining rows instead. If no recent row has the same place, the cosine is 0. Values are not pooled over neighbours,
 * as in the published scripts. The cap holds after every pass.
 *
 * @param options budget and layout of the frames
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for a bad option
 * @example
 * ```ts
 * const policy = infiniPotV({ budget: 1024, tokensPerFrame: 144 });
 * ```
 */
export function infiniPotV(options: InfiniPotVOptions): EvictionPolicy {
  const { budget, ...settings } = checkNames('infiniPotV', options, ['budget', ...settingNames]);
  return scoredPolicy({ scorer: infiniPotVScorer(settings), budget });
}

const settingNames = ['tokensPerFrame', 'firstToken', 'redundancyShare', 'recentShare'] as const;

/**
 * The scorer of {@link infiniPotV}.
 *
 * @param settings layout of the frames, and the shares
 * @returns a scorer for {@link scoredPolicy}
 * @throws {InvalidArgumentError} when one is out of range
 */
export function infiniPotVScorer(settings: InfiniPotVSettings): RowScorer {
  checkNames('infiniPotVScorer', settings, settingNames);
  const { tokensPerFrame, firstToken = 1, redundancyShare = 0.5, recentShare = 0.25 } = settings;
  checkInteger('tokensPerFrame', tokensPerFrame, 1);
  checkInteger('firstToken', firstToken, 0);
  if (!(recentShare >= 0 && recentShare <= redundancyShare && redundancyShare <= 1)) {
    const problem = `${recentShare} is not from 0 to redundancyShare, ${redundancyShare}, which is 1 at most`;
    throw new InvalidArgumentError('recentShare', problem);
  }
  const top = new TopSlots();
  const recentOf = (slots: number) => Math.round(recentShare * slots);
  return rowScorer({
    name: 'infinipot-v',
    settings: { tokensPerFrame, firstToken, redundancyShare, recentShare },
    protectedRows: recentOf,
    memory: Float64Array,
    begin: valueNorms,
    score(scores, norms, { view, layer, head, slots }) {
      const tokens = view.tokens(layer, head);
      const past = scores.length - Math.min(recentOf(slots), scores.length);
      let longest = 0;
      for (let i = 0; i < scores.length; i++) longest = Math.max(longest, norms[i]!);
      const difference = scores.subarray(0, past);
      differences(view, layer, head, tokens, past, { tokensPerFrame, firstToken }, difference);
      const wanted = Math.round(redundancyShare * slots) - (scores.length - past);
      const chosen = top.select(difference, past, Math.min(Math.max(0, wanted), past));
      for (let i = 0; i < past; i++) {
        scores[i] = tokens[i]! < firstToken ? Infinity : norms[i]!;
      }
      for (const i of chosen) if (scores[i]! < Infinity) scores[i] = longest + 1;
    },
  });
}

/** How different the first rows of a head are from later ones at the same place: −mean cosine of their keys. */
function differences(
  view: CacheView,
  layer: number,
  head: number,
  tokens: Int32Array,
  past: number,
  { tokensPerFrame, firstToken }: { readonly tokensPerFrame: number; readonly firstToken: number },
  result: Float64Array,
): void {
  const size = view.shape.layers[layer]!.headSize;
  const keys = view.keys(layer, head);
  const inverse = (row: number) => {
    let squares = 0;
    for (let d = row * size; d < (row + 1) * size; d++) squares += keys[d]! * keys[d]!;
    return squares === 0 ? 0 : 1 / Math.sqrt(squares);
  };
  const placeOf = (row: number) => (tokens[row]! - firstToken) % tokensPerFrame;
  // The mean of cosines with some keys is the product with the mean of their directions.
  const sums = new Map<number, { readonly direction: Float64Array; count: number }>();
  for (let row = past; row < tokens.length; row++) {
    const place = placeOf(row);
    const sum = sums.get(place) ?? { direction: new Float64Array(size), count: 0 };
    sums.set(place, sum);
    sum.count++;
    const scale = inverse(row);
    for (let d = 0; d < size; d++) sum.direction[d]! += keys[row * size + d]! * scale;
  }
  for (let row = 0; row < past; row++) {
    const sum = sums.get(placeOf(row));
    let dot = 0;
    if (sum) for (let d = 0; d < size; d++) dot += keys[row * size + d]! * sum.direction[d]!;
    result[row] = sum ? (-dot * inverse(row)) / sum.count : 0;
    if (tokens[row]! < firstToken) result[row] = -Infinity; // stays anyhow
  }
}
