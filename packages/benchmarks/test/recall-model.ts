import { Random } from '@namm/core';
import {
  type CacheShape,
  KVCache,
  type KVCacheOptions,
  type Observation,
  type Probe,
  type StepItem,
  type StepOptions,
  type StepResult,
} from '@namm/kv-cache';
import type { TableModel } from '../src/table/measure-rows.js';
import { idsOf } from './ids-of.js';

const layer = { keyValueHeads: 2, queryHeads: 2, headSize: 4, window: null };

/**
 * A model that expects what followed the newest earlier occurrence of a token, as far as its first head still holds that:
 * so what is evicted cannot be answered. Keys are drawn from the token, for policies that look at them.
 */
export class RecallModel implements TableModel {
  readonly cacheShape: CacheShape = { model: 'recall', layers: [layer, layer] };
  readonly spec: { readonly vocabularySize: number };
  readonly chunkSize: number;
  readonly probe: Probe;
  /** Items of each step. */
  readonly steps: number[] = [];
  isReleased = false;
  readonly #ids = new WeakMap<KVCache, number[]>();

  /** @param probe of which it tells that all held tokens were attended to alike */
  constructor(vocabularySize: number, chunkSize: number, probe: Probe = { kind: 'none' }) {
    this.probe = probe;
    this.spec = { vocabularySize };
    this.chunkSize = chunkSize;
  }

  createCache(options?: KVCacheOptions): KVCache {
    return this.#track(new KVCache(this.cacheShape, options), []);
  }

  async step(
    items: readonly StepItem<KVCache>[],
    { onProgress }: StepOptions = {},
  ): Promise<StepResult[]> {
    this.steps.push(items.length);
    const results: StepResult[] = [];
    for (const { cache, input, outputs = 'last' } of items) {
      const rows: Float32Array[] = [];
      const ids = idsOf(input);
      const report = (done: number) => onProgress?.({ stage: 'tokens', done, total: ids.length });
      for (const [place, id] of ids.entries()) {
        const known = this.#ids.get(cache)!;
        known.push(id);
        await cache.update({
          count: 1,
          rows: this.#rowsOf(id),
          observations: this.#observe(cache),
        });
        rows.push(this.#expected(cache, known));
        if (cache.seen % this.chunkSize === 0) report(place + 1);
      }
      report(ids.length);
      const wanted = outputs === 'all' ? rows : outputs === 'last' ? rows.slice(-1) : [];
      const logits = new Float32Array(wanted.length * this.spec.vocabularySize);
      for (const [i, row] of wanted.entries()) logits.set(row, i * row.length);
      results.push({ logits, hidden: new Float32Array(0) });
    }
    return results;
  }

  async release(): Promise<void> {
    this.isReleased = true;
  }

  #track(cache: KVCache, ids: number[]): KVCache {
    this.#ids.set(cache, ids);
    const fork = cache.fork.bind(cache);
    cache.fork = () => this.#track(fork(), [...ids]);
    return cache;
  }

  #observe(cache: KVCache): Observation[] {
    const { kind } = this.probe;
    if (kind !== 'columnSums' && kind !== 'lastQueries') return [];
    return this.cacheShape.layers.map(({ keyValueHeads }, layer) => {
      const heads = Array.from({ length: keyValueHeads }, (_, head) => {
        const slots = cache.tokens(layer, head).length + 1;
        return new Float32Array(slots).fill(1 / slots);
      });
      return kind === 'columnSums' ? { kind, heads } : { kind, rows: 1, heads };
    });
  }

  #rowsOf(id: number) {
    return this.cacheShape.layers.map(({ keyValueHeads, headSize }, l) => {
      const random = new Random(id, l);
      const keys = Float32Array.from({ length: keyValueHeads * headSize }, () => random.normal());
      return { keys, values: keys };
    });
  }

  #expected(cache: KVCache, ids: readonly number[]): Float32Array {
    const logits = new Float32Array(this.spec.vocabularySize);
    logits[0] = 0.5; // without a memory nothing that a question asks for
    const held = cache.tokens(0, 0);
    for (const token of held) {
      if (token > 0 && ids[token - 1] === ids.at(-1)) logits[ids[token]!] = 1 + token;
    }
    return logits;
  }
}

/** Words are numbers below 4,000 by a hash, some of them the same; BOS is 0. */
export class WordTokenizer {
  readonly #salt: number;

  constructor(salt = 0) {
    this.#salt = salt;
  }

  encode(text: string, { addSpecialTokens = true } = {}): number[] {
    const words = text.match(/ ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu) ?? [];
    const ids = words.map((word) => {
      let hash = this.#salt;
      for (const letter of word.trim() || word) {
        hash = (31 * hash + letter.codePointAt(0)!) % 3999;
      }
      return 1 + hash;
    });
    return addSpecialTokens ? [0, ...ids] : ids;
  }
}
