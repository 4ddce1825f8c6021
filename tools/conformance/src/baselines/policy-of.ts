import {
  adaKV,
  type EvictionPolicy,
  h2o,
  keyDiff,
  l2Norm,
  l2NormScorer,
  observedAttention,
  pyramidKV,
  sinkRecent,
  snapKV,
  snapKVScorer,
  tova,
} from '@namm/kv-cache';

/** Parameters of a case, by the names that the fixture gives them, and `w`, the window of the whole fixture. */
export type Parameters = Readonly<Record<string, number>>;

/** Our policy for each method of the fixture. */
const policies: Readonly<Record<string, (p: Parameters) => EvictionPolicy>> = {
  l2_knorm: (p) => l2Norm({ budget: rowsOf(p) }),
  l2: (p) => l2Norm({ budget: rowsOf(p) }),
  keydiff: (p) => keyDiff({ budget: rowsOf(p) }),
  'observed_attention (kvpress H2O-like)': (p) => observedAttention({ budget: rowsOf(p) }),
  streaming_llm: (p) => sinkRecent({ budget: rowsOf(p), sinks: p.n_sink! }),
  streaming: (p) => sinkRecent({ budget: p.S! + p.W!, sinks: p.S! }),
  // Evicts before m tokens are added so that they fit. While m < W that leaves, after the step, what
  // evicting after the step leaves: the sinks and the newest W.
  streaming_evict_for_space: (p) => sinkRecent({ budget: p.S! + p.W!, sinks: p.S! }),
  'tova_original (last token not protected)': (p) =>
    tova({ budget: rowsOf(p), protectLast: false }),
  'tova (last token protected)': (p) => tova({ budget: rowsOf(p) }),
  tova: (p) => tova({ budget: rowsOf(p), protectLast: Boolean(p.force_last) }),
  h2o: (p) => h2o({ budget: p.hh! + p.recent!, recentShare: p.recent! / (p.hh! + p.recent!) }),
  'snapkv avgpool': (p) => snapKV({ budget: rowsOf(p), window: p.window!, kernel: p.kernel! }),
  'snapkv maxpool (sum over window, pool per query head, then group mean)': (p) =>
    snapKV({ budget: rowsOf(p), window: p.window!, kernel: p.kernel!, pooling: 'max' }),
  pyramidkv: (p) =>
    pyramidKV({ budget: rowsOf(p), window: p.window!, kernel: p.kernel!, beta: p.beta! }),
  'adakv(knorm)': (p) =>
    adaKV({ budget: rowsOf(p), scorer: l2NormScorer(), safeguard: p.alpha_safeguard! }),
  'adakv(snapkv)': (p) =>
    adaKV({
      budget: rowsOf(p),
      // The case names neither: the window is that of the fixture, the kernel kvpress' own.
      scorer: snapKVScorer({ window: p.w!, kernel: 5 }),
      safeguard: p.alpha_safeguard!,
    }),
  'adakv original allocation (FFY0 style)': (p) =>
    adaKV({
      budget: rowsOf(p),
      scorer: snapKVScorer({ window: p.window!, kernel: p.kernel!, pooling: 'max' }),
      safeguard: p.floor_ratio!,
      rule: 'original',
    }),
};

/** The policy for a case, or null when the method is not one of ours. */
export function policyOf(method: string, parameters: Parameters): EvictionPolicy | null {
  return policies[method]?.(parameters) ?? null;
}

/** Rows per head; a ratio goes through our own reading of shares: n(1 − r), floored, at least 1. */
function rowsOf(parameters: Parameters): number {
  if (parameters.C !== undefined) return parameters.C;
  return 1 - parameters.compression_ratio!;
}
