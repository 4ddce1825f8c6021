import { float32ToFloat16, Random, type RetentionRecord } from '@namm/core';

/** How large a made-up record is. */
export interface SampleSize {
  readonly layers: number;
  readonly heads: number;
  readonly tokens: number;
  /** Tokens per update. */
  readonly chunk: number;
}

const words = [' the', ' whale', ',', ' of', '\n', ' a', ' long', 'est', '.', '\n\n', ' sea'];

/** A record in which each head forgets at a rate of its own, from a seed. */
export function sampleRecord(size: SampleSize, seed: number): RetentionRecord {
  const { layers, heads, tokens, chunk } = size;
  const random = new Random(seed);
  const updates = Math.ceil(tokens / chunk);
  const seen = Uint32Array.from({ length: updates }, (_, u) => Math.min(tokens, (u + 1) * chunk));
  const all = layers * heads;
  const evictedAt = new Uint32Array(all * tokens);
  for (let head = 0; head < all; head++) {
    const rate = 0.02 + 0.4 * random.uniform();
    for (let token = 0; token < tokens; token++) {
      let update = Math.floor(token / chunk);
      while (update < updates && (token < 2 || random.uniform() > rate)) update++;
      evictedAt[head * tokens + token] = update;
    }
  }
  const scores = Float32Array.from(evictedAt, (_, i) =>
    i % 7 === 0 ? Number.NaN : random.normal(),
  );
  const bytes = (each: number) => Float64Array.from(seen, (count) => count * each);
  return {
    model: '104f24b486e18da2104f24b486e18da2104f24b486e18da2',
    policy: 'sample',
    headsPerLayer: new Array<number>(layers).fill(heads),
    seen,
    bytes: { allocated: bytes(900), used: bytes(800), positions: bytes(4), policy: bytes(16) },
    evictedAt,
    scores: [{ update: updates - 1, values: float32ToFloat16(scores) }],
    ids: Uint32Array.from({ length: tokens }, (_, token) => token % 50),
    pieces: Array.from({ length: tokens }, () => words[random.integer(words.length)]!),
    parts: [
      { name: 'prompt', tokens: Math.ceil(0.75 * tokens) },
      { name: 'answer', tokens: tokens - Math.ceil(0.75 * tokens) },
    ],
    notes: { budget: 'none' },
  };
}
