import { checkNames } from '@namm/core';
import { type EvictionPolicy, full, type KVCache } from '@namm/kv-cache';
import { type KVzip, type KVzipOptions, repeatedTokens } from './kvzip.js';

type Scores = Awaited<ReturnType<KVzip['scores']>>;

/** KVzip at one budget, in the form that comparisons of `@namm/benchmarks` take. */
export interface KVzipContender {
  readonly name: 'kvzip';
  readonly budget: string;
  /** Policy under which the text is read. */
  readonly policy: EvictionPolicy;
  readonly afterReading: (
    cache: KVCache,
    ids: Int32Array,
    options: { readonly signal?: AbortSignal },
  ) => Promise<void>;
  /** Most tokens that a fork reads after a text of this many tokens. */
  readonly readsAgain: (tokens: number) => number;
}

/**
 * KVzip at several budgets: each text is read whole, repeated once, and then cut to each budget in turn.
 *
 * @param load loads the scorer when it is first needed
 * @param budgets as for a policy
 * @param options of the scorer
 * @example
 * ```ts
 * const policies = kvzipContenders(async () => new KVzip(await models.of(probe), { prompt }), ['25%', '10%'], { prompt });
 * ```
 */
export function kvzipContenders(
  load: () => Promise<KVzip>,
  budgets: readonly string[],
  options: KVzipOptions,
): KVzipContender[] {
  checkNames('kvzipContenders', options, ['prompt', 'pieceLength', 'leadLength', 'sinks']);
  const policy = full();
  let last: { readonly ids: Int32Array; readonly scores: Scores } | null = null;
  return budgets.map((budget) => ({
    ...{ name: 'kvzip', budget, policy },
    readsAgain: (tokens) => repeatedTokens(options, tokens),
    async afterReading(cache, ids, { signal }) {
      const kvzip = await load();
      if (last?.ids !== ids) {
        last = { ids, scores: await kvzip.scores(cache, ids, signal ? { signal } : {}) };
      }
      kvzip.keep(cache, last.scores, { budget });
    },
  }));
}
