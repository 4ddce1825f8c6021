/** The two pieces of a head's past: rows that forked caches share, and those of this cache alone. */
export const pieces = ['shared', 'own'] as const;
export type Piece = (typeof pieces)[number];

/** Names of the graph's inputs and outputs: the agreement between its builder and the decoder. */
export const names = {
  ids: 'ids',
  embeddings: 'embeddings',
  positions: 'positions',
  outputRows: 'output_rows',
  slotCounts: 'slot_counts',
  cos: (table: number) => `rotary.${table}.cos`,
  sin: (table: number) => `rotary.${table}.sin`,
  pastKeys: (layer: number, head: number, piece: Piece) => `past.${layer}.${head}.${piece}.keys`,
  pastValues: (layer: number, head: number, piece: Piece) =>
    `past.${layer}.${head}.${piece}.values`,
  pastPositions: (layer: number, head: number) => `past.${layer}.${head}.positions`,
  keys: (layer: number) => `keys.${layer}`,
  values: (layer: number) => `values.${layer}`,
  probe: (layer: number, head: number) => `probe.${layer}.${head}`,
  /** Rows of attention that a `spectrum` probe gives: an int64 count. */
  spectrumRows: 'spectrum.rows',
  /** Weights of the frames that end in the pass, `[frames]`. */
  spectrumWeights: 'spectrum.weights',
  spectrum: (layer: number, head: number) => `spectrum.${layer}.${head}`,
  pendingRows: (layer: number, head: number) => `pending.${layer}.${head}`,
  logits: 'logits',
  hidden: 'hidden',
} as const;
