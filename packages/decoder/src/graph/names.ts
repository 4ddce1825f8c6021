/** The two pieces of a head's past: rows that forked caches share, and those of this cache alone. */
export const pieces = ['shared', 'own'] as const;
export type Piece = (typeof pieces)[number];

/** Names of the graph's inputs and outputs: the agreement between its builder and the decoder. */
export const names = {
  ids: 'ids',
  embeddings: 'embeddings',
  /** Of the new tokens in their sequence: decides what a query sees. */
  order: 'order',
  /** Of the new tokens in the table of learned positions. */
  positions: 'positions',
  outputRows: 'output_rows',
  slotCounts: 'slot_counts',
  cos: (table: number) => `rotary.${table}.cos`,
  sin: (table: number) => `rotary.${table}.sin`,
  pastKeys: (layer: number, head: number, piece: Piece) => `past.${layer}.${head}.${piece}.keys`,
  pastValues: (layer: number, head: number, piece: Piece) =>
    `past.${layer}.${head}.${piece}.values`,
  pastOrder: (layer: number, head: number) => `past.${layer}.${head}.order`,
  keys: (layer: number) => `keys.${layer}`,
  values: (layer: number) => `values.${layer}`,
  /** What a probe reports of one head; probes of several outputs have names of their own too. */
  probe: (layer: number, head: number) => `probe.${layer}.${head}`,
  logits: 'logits',
  hidden: 'hidden',
} as const;
