import { checkInteger, checkNames, InvalidArgumentError } from '@namm/core';
import {
  type BudgetInput,
  bestAcross,
  type EvictionPolicy,
  type KVCache,
  parseBudget,
  type SequenceModel,
  type StepOptions,
  slotsPerHead,
} from '@namm/kv-cache';
import { AttentionMaxima } from './attention-maxima.js';

/** Asks for the text again; encode it without special tokens. */
export const repeatPrompt = '\n\nRepeat the previous text exactly.\n\n';

/** The part of a model that KVzip needs. */
export type RepeatingModel = Pick<SequenceModel<KVCache, EvictionPolicy>, 'step' | 'probe'>;

/** Options of {@link KVzip}. */
export interface KVzipOptions {
  /** Token ids that ask for the text again, such as {@link repeatPrompt}. */
  readonly prompt: ArrayLike<number>;
  /**
   * Tokens of the text that one fork repeats; longer texts need several forks, each with a lead that shows where to
   * begin.
   * @defaultValue 2048
   */
  readonly pieceLength?: number;
  /**
   * Tokens before a later piece that show its fork where to begin.
   * @defaultValue 8
   */
  readonly leadLength?: number;
  /**
   * Number of first tokens that stay in every head.
   * @defaultValue 4
   */
  readonly sinks?: number;
}

const usual = { pieceLength: 2048, leadLength: 8, sinks: 4 };

/** What a {@link KVzip} is asked to read again. */
export interface CompressOptions extends Pick<StepOptions, 'signal' | 'onProgress'> {
  /** Rows to keep, over all layers and heads together: see `parseBudget` of `@namm/kv-cache`. */
  readonly budget: BudgetInput;
}

/** Most tokens that a fork reads when a text of this many tokens is read again. The model needs positions for both. */
export function repeatedTokens(options: KVzipOptions, tokens: number): number {
  const { prompt, pieceLength = usual.pieceLength, leadLength = usual.leadLength } = options;
  const lead = tokens > pieceLength ? leadLength : 0;
  return prompt.length + lead + Math.min(tokens, pieceLength);
}

/**
 * KVzip (Kim et al. 2025, https://arxiv.org/abs/2505.23416): the model repeats what it has read, from a fork of the
 * cache, and the rows that it attends to most while doing so stay. The score of a row is the largest attention that any
 * query of the repetition gives it, in any query head of its group; one threshold applies to all layers and heads. The
 * questions need not be known, at the price of a second reading.
 *
 * The softmax runs over everything that the fork sees. The authors' code computes it only over the repeated piece and
 * the sinks, which is the same for texts of one piece.
 *
 * @example
 * ```ts
 * const decoder = await Decoder.load(folder, { probe: { kind: 'columnMaxima' } });
 * const cache = decoder.createCache();
 * await decoder.step([{ cache, input: { ids } }]);
 * const prompt = tokenizer.encode(repeatPrompt, { addSpecialTokens: false });
 * const kvzip = new KVzip(decoder, { prompt });
 * await kvzip.compress(cache, ids, { budget: '25%' });
 * ```
 */
export class KVzip {
  readonly #model: RepeatingModel;
  readonly #options: Required<KVzipOptions>;

  /** @throws {InvalidArgumentError} for a bad option, or a model without the probe `columnMaxima` */
  constructor(model: RepeatingModel, options: KVzipOptions) {
    checkNames('KVzip', options, ['prompt', 'pieceLength', 'leadLength', 'sinks']);
    const { prompt, pieceLength = usual.pieceLength } = options;
    const { leadLength = usual.leadLength, sinks = usual.sinks } = options;
    checkInteger('pieceLength', pieceLength, 1);
    checkInteger('leadLength', leadLength, 0);
    checkInteger('sinks', sinks, 0);
    if (!(prompt?.length > 0)) throw new InvalidArgumentError('prompt', 'has no tokens');
    if (model.probe.kind !== 'columnMaxima') {
      const problem = `computes '${model.probe.kind}'; load it with { probe: { kind: 'columnMaxima' } }`;
      throw new InvalidArgumentError('model', problem);
    }
    this.#model = model;
    this.#options = { prompt, pieceLength, leadLength, sinks };
  }

  /**
   * Scores the rows that a cache holds. The cache itself is not changed.
   *
   * @param cache that has read the text, under any policy that keeps everything
   * @param ids all tokens that it has read
   * @returns per layer and KV head `[rows]`, between 0 and 1
   * @throws {InvalidArgumentError} when the number of ids differs from the tokens that the cache has seen
   * @throws the signal's reason when it is aborted
   */
  async scores(
    cache: KVCache,
    ids: ArrayLike<number>,
    options: Pick<StepOptions, 'signal' | 'onProgress'> = {},
  ): Promise<readonly (readonly Float32Array[])[]> {
    checkNames('scores', options, ['signal', 'onProgress']);
    const { signal, onProgress } = options;
    if (ids.length !== cache.seen) {
      const problem = `are ${ids.length} tokens where the cache has read ${cache.seen}`;
      throw new InvalidArgumentError('ids', problem);
    }
    const { prompt, pieceLength, leadLength } = this.#options;
    const text = Int32Array.from(ids);
    const maxima = new AttentionMaxima(cache);
    let done = 0;
    for (let start = 0; start < text.length; start += pieceLength) {
      const lead = text.subarray(Math.max(0, start - leadLength), start);
      const piece = text.subarray(start, start + pieceLength);
      const fork = cache.fork(maxima.policy);
      try {
        const input = { ids: Int32Array.from([...Array.from(prompt), ...lead, ...piece]) };
        const before = done;
        await this.#model.step([{ cache: fork, input, outputs: 'none' }], {
          ...(signal && { signal }),
          onProgress: (progress) =>
            onProgress?.({
              ...progress,
              done: before + Math.min(progress.done, piece.length),
              total: text.length,
            }),
        });
        done += piece.length;
      } finally {
        await fork.release();
      }
    }
    return maxima.scores;
  }

  /**
   * Keeps the best rows of a cache and drops the others.
   *
   * @throws as {@link scores}, and for a bad budget; the cache is then unchanged
   */
  async compress(cache: KVCache, ids: ArrayLike<number>, options: CompressOptions): Promise<void> {
    const { budget, ...stepOptions } = checkNames('compress', options, [
      ...(['budget', 'signal', 'onProgress'] as const),
    ]);
    parseBudget(budget);
    this.keep(cache, await this.scores(cache, ids, stepOptions), { budget });
  }

  /**
   * The second half of {@link compress}, for known scores: a cache's scores also apply to its forks.
   *
   * @param scores from {@link scores}
   * @throws {InvalidArgumentError} for a bad budget, or scores of other rows; the cache is then unchanged
   */
  keep(
    cache: KVCache,
    scores: readonly (readonly Float32Array[])[],
    options: Pick<CompressOptions, 'budget'>,
  ): void {
    const { budget } = checkNames('keep', options, ['budget']);
    const slots = slotsPerHead(parseBudget(budget), cache.shape, () => 0)(cache.seen);
    const raised = cache.shape.layers.map(({ keyValueHeads }, layer) =>
      Array.from({ length: keyValueHeads }, (_, head) => {
        const own = scores[layer]?.[head] ?? new Float32Array(0);
        const tokens = cache.tokens(layer, head);
        if (tokens.length !== own.length) {
          const problem = `are of ${own.length} rows where the cache holds ${tokens.length}`;
          throw new InvalidArgumentError(`scores[${layer}][${head}]`, problem);
        }
        return own.map((score, slot) => (tokens[slot]! < this.#options.sinks ? Infinity : score));
      }),
    );
    cache.keep(bestAcross(raised, slots * scores.flat().length));
  }
}
