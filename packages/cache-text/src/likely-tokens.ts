import { LogitsProcessor, LogitsProcessorList, type Tensor } from '@huggingface/transformers';
import type { Settings } from './generate-settings.js';

/** Which tokens can be drawn; see `SamplingSettings` of `@namm/decoder`. */
interface Likely {
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
}

/**
 * Closes unlikely tokens before one is drawn: `top_k`, then `top_p` of what is left, then `min_p`. The sampler of
 * transformers.js 4.3 knows `top_k` alone.
 */
class LikelyTokens extends LogitsProcessor {
  readonly #likely: Likely;

  constructor(likely: Likely) {
    super();
    this.#likely = likely;
  }

  override _call(_ids: bigint[][], logits: Tensor): Tensor {
    const [rows, width] = logits.dims as [number, number];
    const data = logits.data as Float32Array;
    for (let row = 0; row < rows; row++) {
      closeUnlikely(data.subarray(row * width, (row + 1) * width), this.#likely);
    }
    return logits;
  }
}

/** Sets the logits of tokens that cannot be drawn to -Infinity; the likeliest always can. */
function closeUnlikely(logits: Float32Array, { topK, topP, minP }: Likely): void {
  const falling = Float32Array.from(logits).sort().reverse();
  const top = falling[0]!;
  const count = topK > 0 ? Math.min(topK, falling.length) : falling.length;
  // Equal logits at the end of the first k all stay, as in transformers.
  const kept = falling.filter((logit) => logit >= falling[count - 1]! && logit > -Infinity);
  const weights = Array.from(kept, (logit) => Math.exp(logit - top));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  let least = top;
  let sum = 0;
  for (const [i, weight] of weights.entries()) {
    if (i > 0 && (sum >= topP * all || weight < minP)) break;
    sum += weight;
    least = kept[i]!;
  }
  for (let i = 0; i < logits.length; i++) if (logits[i]! < least) logits[i] = -Infinity;
}

/** The caller's processors, and what the sampler of transformers.js leaves undone. */
export function withLikely(given: unknown, settings: Settings): LogitsProcessorList | null {
  const { do_sample, top_k, top_p, min_p } = settings as Record<string, number | undefined>;
  const likely = { topK: top_k ?? 50, topP: top_p ?? 1, minP: min_p ?? 0 };
  const isNeeded = do_sample && (likely.topP < 1 || likely.minP > 0);
  if (!isNeeded) return (given ?? null) as LogitsProcessorList | null;
  const processors = new LogitsProcessorList();
  if (given) processors.extend(given as never);
  processors.push(new LikelyTokens(likely));
  return processors;
}
