import type { Probe } from '@namm/kv-cache';

/** What passes in one graph are like: with `small` ones, inputs, outputs and nodes cost more than arithmetic and copies. */
export type PassSize = 'whole' | 'small';

/** The pieces of a head's past: rows that forked caches share, and those of this cache alone, or all of them as `own`. */
export type Piece = 'shared' | 'own';
export const pieces: { readonly [size in PassSize]: readonly Piece[] } = {
  whole: ['shared', 'own'],
  small: ['own'],
};

/** What is cached of a token in a head. */
export const rowParts = ['keys', 'values'] as const;
export type RowPart = (typeof rowParts)[number];

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
  /** New tokens of each sequence, where a graph computes the attention of several. */
  newCounts: 'new_counts',
  cos: (table: number) => `rotary.${table}.cos`,
  sin: (table: number) => `rotary.${table}.sin`,
  past: (layer: number, head: number, piece: Piece, part: RowPart) =>
    `past.${layer}.${head}.${piece}.${part}`,
  /** What the integers of a row are multiplied by, where the cache holds integers. */
  pastScales: (layer: number, head: number, piece: Piece, part: RowPart) =>
    `past.${layer}.${head}.${piece}.${part}.scales`,
  pastOrder: (layer: number, head: number) => `past.${layer}.${head}.order`,
  /** What a convolution keeps, `[taps − 1, hiddenSize]` for each sequence, and what it keeps after the pass. */
  state: (index: number) => `states.${index}`,
  stateAfter: (index: number) => `states.${index}.after`,
  /** The rows, among those that were kept and the new ones, that each tap of each new token reads; and those that stay. */
  tapRows: (taps: number) => `convolution.${taps}.rows`,
  keptRows: (taps: number) => `convolution.${taps}.kept`,
  keys: (layer: number) => `keys.${layer}`,
  values: (layer: number) => `values.${layer}`,
  /** What a probe reports of one head; probes of several outputs have names of their own too. */
  probe: (kind: Probe['kind'], layer: number, head: number) => `probe.${kind}.${layer}.${head}`,
  logits: 'logits',
  hidden: 'hidden',
  /** Of small passes: `hidden`, then keys and values of each layer, one after the other. */
  joined: 'joined',
  /** What goes past the layers, before and after a stretch from one attention to the next. */
  stream: 'stream',
  streamAfter: 'stream.after',
  /** What an attention gave. */
  attended: 'attended',
  /** Queries, keys and values side by side. */
  projected: 'projected',
} as const;
