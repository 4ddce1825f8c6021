import type { LineChart } from '../chart/line-chart.js';

/** What a retention page holds for its script. Packed: compressed with deflate, then base64. */
export interface RetentionPageData {
  readonly charts: readonly LineChart[];
  readonly headsPerLayer: readonly number[];
  readonly seen: readonly number[];
  /** `[heads, tokens]`, 16 or 32 bits each. */
  readonly evictedAt: { readonly bits: 16 | 32; readonly packed: string };
  /** Half precision, `[heads, seen[update]]`. */
  readonly scores: readonly { readonly update: number; readonly packed: string }[];
  /** What stands for each token, `[tokens]`. */
  readonly pieces: readonly string[];
  /** Whether the pieces are a text, or else names of tokens. */
  readonly isText: boolean;
  readonly ids: readonly number[] | null;
  /** Pictures of parts, base64, ascending by the number of the part; empty where there are none. */
  readonly pictures: readonly { readonly part: number; readonly jpeg: string }[];
  /** All tokens, part by part; one part without a name where the record names none. */
  readonly parts: readonly { readonly name: string; readonly tokens: number }[];
}
