import type { RetentionPart } from '@namm/core';
import type { CacheView } from '@namm/kv-cache';

/** The place of a frame's rows in the sequence. */
export interface FrameSpan {
  /** Seconds. */
  readonly timestamp: number;
  /** Number of its first token. */
  readonly first: number;
  /** How many there are. */
  readonly tokens: number;
}

/** Frames between two looks at which of them are still held. */
const interval = 64;

/** The frames of a viewing. Those of which nothing is held any more are forgotten, so that there are never many. */
export class FrameSpans {
  readonly #keepsAll: boolean;
  #spans: FrameSpan[] = [];
  #count = 0;

  /** @param keepsAll whether none is forgotten */
  constructor(keepsAll: boolean) {
    this.#keepsAll = keepsAll;
  }

  get all(): readonly FrameSpan[] {
    return this.#spans;
  }

  /** Frames so far. */
  get count(): number {
    return this.#count;
  }

  add(span: FrameSpan, cache: CacheView): void {
    this.#spans.push(span);
    if (++this.#count % interval !== 0 || this.#keepsAll) return;
    const held = this.held(cache);
    this.#spans = this.#spans.filter((_, i) => held[i]! > 0);
  }

  /** Per frame the share of its rows that is held, over all layers and heads. */
  held(cache: CacheView): number[] {
    const rows = new Float64Array(this.#spans.length);
    let heads = 0;
    for (const [layer, { keyValueHeads }] of cache.shape.layers.entries()) {
      for (let head = 0; head < keyValueHeads; head++) {
        heads++;
        let span = 0;
        for (const token of cache.tokens(layer, head)) {
          while (span < rows.length && token >= end(this.#spans[span]!)) span++;
          if (span < rows.length && token >= this.#spans[span]!.first) rows[span]! += 1;
        }
      }
    }
    return this.#spans.map(({ tokens }, i) => rows[i]! / (tokens * heads));
  }

  /** The number of each frame among {@link parts}. */
  partNumbers(): number[] {
    let part = 0;
    let at = 0;
    return this.#spans.map((span) => {
      if (span.first > at) part++;
      at = end(span);
      return part++;
    });
  }

  /** Frames and the text between them as parts of the sequence; only where none is forgotten. */
  parts(length: number): RetentionPart[] {
    const parts: RetentionPart[] = [];
    let at = 0;
    for (const span of this.#spans) {
      if (span.first > at) parts.push({ name: 'text', tokens: span.first - at });
      parts.push({ name: `frame at ${span.timestamp.toFixed(2)} s`, tokens: span.tokens });
      at = end(span);
    }
    if (length > at) parts.push({ name: 'text', tokens: length - at });
    return parts;
  }
}

const end = ({ first, tokens }: FrameSpan) => first + tokens;
