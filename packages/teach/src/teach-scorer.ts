import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkInteger, checkNames, type ProgressListener } from '@namm/core';
import {
  featuresPerToken,
  type KVCache,
  RowFeatures,
  type TaughtMap,
  taughtMap,
} from '@namm/kv-cache';
import { AttentionMaxima } from './attention-maxima.js';
import { readEquations, type SummedPassages, writeEquations } from './equations-file.js';
import { fitQuality, pooledCorrelation } from './fit-quality.js';
import { KVzip } from './kvzip.js';
import { NormalEquations } from './normal-equations.js';
import type { TeachingPassage } from './passages.js';
import { ReadingMaxima } from './reading-maxima.js';
import { scoreQuantiles } from './score-quantiles.js';
import { solveRidge } from './solve-ridge.js';
import type { TaughtModel } from './taught-model.js';
import { TeachError } from './teach-error.js';

/** Options of {@link teachScorer}. */
export interface TeachOptions {
  readonly model: TaughtModel;
  /** Token ids that ask for the text again: see {@link KVzipOptions.prompt}. */
  readonly prompt: ArrayLike<number>;
  /** From {@link cutPassages}; some of them held out. */
  readonly passages: readonly TeachingPassage[];
  /** Folder of the run's progress; a run with the same folder resumes. */
  readonly folder: string;
  /**
   * Number of first tokens of a passage that are left out of the fit, as they stay anyway.
   * @defaultValue 4
   */
  readonly sinks?: number;
  /** Stages `passages`, and then `scores`. */
  readonly onProgress?: ProgressListener;
  /** Stops it between chunks of tokens, with the signal's reason; the next run resumes with that passage. */
  readonly signal?: AbortSignal;
}

/** A scorer and its quality. */
export interface TaughtScorer {
  readonly map: TaughtMap;
  /** Scores on held-out text from the lowest to the highest, `[101]`; they give the share above a threshold. */
  readonly quantiles: Float32Array;
  readonly quality: {
    /** Pearson's correlation with the target, on held-out text, over the tokens of all heads together. */
    readonly correlation: number;
    /** Correlation within a head, mean over the heads of each layer. */
    readonly layers: readonly number[];
    /** Chosen on held-out text. */
    readonly lambda: number;
    /** Tokens fitted to, and held out. */
    readonly tokens: { readonly fitted: number; readonly heldOut: number };
  };
}

/** Ridges to choose from, as parts of each input's own sum of squares. */
const lambdas = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1];

/** Attention from so many tokens on counts as looking back; nearer tokens stay in any case. */
const farAway = 128;

/** What is fitted is the logarithm of attention plus this: smaller ones are all alike. */
const leastScore = 1e-4;
/** The same for attention of questions: few tokens get any. */
const leastAsked = 1e-2;
/** What the text itself needs, against what questions need, where there are questions. */
const textWeight = 0.1;
/**
 * {@link TaughtMap.shared} of scorers that questions taught: chosen on questions about facts in SmolLM2-135M, where 1, 2
 * and 4 all did better than 0. What the text itself needs is a matter of single heads.
 */
const sharedByQuestions = 2;

/**
 * Teaches a scorer in closed form: a ridge regression learns to predict, from what each layer caches of a token, how
 * much attention the token will get. The attention of questions about the text counts most, if a passage has any. Added
 * to it is what KVzip finds by a second reading, or what the text itself looks back at from afar. Each passage is read
 * once for each of these. Only sums in float64 are kept of its rows, so that the amount of text is not limited. The
 * strength of the ridge is chosen on the held-out passages.
 *
 * @param options model, text and the folder of the run
 * @returns the scorer, which `taughtPolicy` of `@namm/kv-cache` takes
 * @throws {InvalidArgumentError} for a bad option, or a model whose key rotation cannot be undone
 * @throws {TeachError} when the text does not determine the fit: more inputs than tokens, or linearly dependent inputs
 * @throws {FileFormatError} when the folder belongs to another run
 * @throws the signal's reason when it is aborted
 * @example
 * ```ts
 * const model = await Decoder.load(folder, { probe: { kind: 'columnMaxima' } });
 * const passages = cutPassages([tokenizer.encode(text)], { length: 1536, count: 10, heldOut: 2 });
 * const scorer = await teachScorer({ model, prompt, passages, folder: 'run' });
 * await writeTaught('taught.safetensors', scorer);
 * ```
 */
export async function teachScorer(options: TeachOptions): Promise<TaughtScorer> {
  const { model, prompt, passages, folder, sinks, onProgress, signal } = checked(options);
  const { layers } = model.cacheShape;
  const sizes = layers.map((layer) => {
    return { inputs: featuresPerToken(layer), outputs: layer.keyValueHeads };
  });
  const kvzip = new KVzip(model, { prompt, sinks });
  const features = new RowFeatures(model.cacheShape);
  await mkdir(folder, { recursive: true });
  const run = digestOf(model, prompt, passages, sinks);
  const stepOptions = signal ? { signal } : {};
  const sums = { fitted: await begun('fitted'), heldOut: await begun('held-out') };
  let done = 0;
  const seen = { fitted: 0, heldOut: 0 };
  for (const passage of passages) {
    const { isHeldOut } = passage;
    const kind = isHeldOut ? 'heldOut' : 'fitted';
    if (seen[kind]++ >= sums[kind].passages) {
      const own = sums[kind];
      await addPassage(passage, own.layers);
      sums[kind] = { layers: own.layers, passages: own.passages + 1 };
      await writeEquations(fileOf(isHeldOut ? 'held-out' : 'fitted'), run, sums[kind]);
    }
    done++;
    onProgress?.({ stage: 'passages', done, total: passages.length });
  }
  const fit = fitLayers(sums.fitted.layers, sums.heldOut.layers);
  const map = taughtMap(
    model.cacheShape.weights ?? model.cacheShape.model,
    fit.layers.map(({ weights }, layer) => {
      const { keyValueHeads, headSize } = layers[layer]!;
      return { keyValueHeads, headSize, weights: Float32Array.from(weights) };
    }),
    passages.some(({ asked }) => asked !== undefined) ? sharedByQuestions : 0,
  );
  const held = passages.filter(({ isHeldOut }) => isHeldOut).map(({ ids }) => ids);
  const quantiles = await scoreQuantiles(model, map, held, {
    ...stepOptions,
    ...(onProgress && { onProgress }),
  });
  const means = fit.layers.map(({ correlations }) => meanOf(correlations));
  return {
    map,
    quantiles,
    quality: {
      correlation: pooledCorrelation(sums.heldOut.layers, fit.layers),
      layers: means,
      lambda: fit.lambda,
      tokens: { fitted: sums.fitted.layers[0]!.rows, heldOut: sums.heldOut.layers[0]!.rows },
    },
  };

  function fileOf(kind: string): string {
    return join(folder, `${kind}.safetensors`);
  }

  async function begun(kind: string): Promise<SummedPassages> {
    const empty = () => sizes.map(({ inputs, outputs }) => new NormalEquations(inputs, outputs));
    return (await readEquations(fileOf(kind), run, sizes)) ?? { layers: empty(), passages: 0 };
  }

  async function addPassage(
    { ids, asked }: TeachingPassage,
    equations: readonly NormalEquations[],
  ): Promise<void> {
    const reading = new ReadingMaxima(model.cacheShape, ids.length, farAway);
    const cache = await model.createCache({ policy: reading.policy, keepOutsideWindow: true });
    try {
      await model.step([{ cache, input: { ids }, outputs: 'none' }], stepOptions);
      const repeated = await kvzip.scores(cache, ids, stepOptions);
      const answered = asked && (await attentionOf(asked, cache));
      for (const [layer, own] of equations.entries()) {
        const x = features.read(cache, layer, sinks);
        const y = repeated[layer]!.map((scores, head) => {
          const read = reading.scores[layer]![head]!;
          const wanted = answered?.[layer]?.[head];
          return Float64Array.from(scores.subarray(sinks), (score, i) => {
            const text = Math.log(Math.max(score, read[sinks + i]!) + leastScore);
            if (wanted === undefined) return text;
            return Math.log(wanted[sinks + i]! + leastAsked) + textWeight * text;
          });
        });
        own.add(x, y);
        signal?.throwIfAborted(); // what was added is dropped: the run resumes from the file
      }
    } finally {
      await cache.release();
    }
  }

  /** The largest attention that any of some tokens, read after the text, gives each row. */
  async function attentionOf(ids: Int32Array, cache: KVCache) {
    const maxima = new AttentionMaxima(cache);
    const fork = cache.fork(maxima.policy);
    try {
      await model.step([{ cache: fork, input: { ids }, outputs: 'none' }], stepOptions);
      return maxima.scores;
    } finally {
      await fork.release();
    }
  }
}

function checked(options: TeachOptions) {
  checkNames('teachScorer', options, [
    ...(['model', 'prompt', 'passages', 'folder', 'sinks', 'onProgress', 'signal'] as const),
  ]);
  const { sinks = 4, passages } = options;
  checkInteger('sinks', sinks, 0);
  for (const kind of [true, false]) {
    if (passages.some(({ isHeldOut, ids }) => isHeldOut === kind && ids.length > sinks)) continue;
    throw new TeachError(`no passage is ${kind ? 'held out' : 'to be fitted to'}`);
  }
  return { ...options, sinks };
}

/** The weights of all layers, with the one ridge that is best on held-out text over all of them. */
function fitLayers(fitted: readonly NormalEquations[], heldOut: readonly NormalEquations[]) {
  const short = fitted.find(({ rows, inputs }) => rows < inputs);
  if (short) {
    const problem = `${short.rows} tokens are fewer than the ${short.inputs} inputs of a layer`;
    throw new TeachError(`${problem}; give more text`);
  }
  const tried = lambdas.flatMap((lambda) => {
    try {
      const layers = fitted.map((equations, layer) => {
        const weights = solveRidge(equations, lambda);
        return { weights, ...fitQuality(heldOut[layer]!, weights) };
      });
      return [{ lambda, layers, error: meanOf(layers.map(({ error }) => error)) }];
    } catch (error) {
      if (error instanceof TeachError && lambda !== lambdas.at(-1)) return []; // a stronger one may do
      throw error;
    }
  });
  return tried.reduce((best, other) => (other.error < best.error ? other : best));
}

function digestOf(
  { cacheShape }: TaughtModel,
  prompt: ArrayLike<number>,
  passages: readonly TeachingPassage[],
  sinks: number,
): string {
  const hash = createHash('sha256');
  const settings = [sinks, leastScore, farAway, leastAsked, textWeight];
  hash.update(JSON.stringify([cacheShape.model, Array.from(prompt), ...settings]));
  for (const { ids, asked = new Int32Array(0), isHeldOut } of passages) {
    hash.update(`${isHeldOut} ${ids.length} ${asked.length}`);
    for (const part of [ids, asked]) {
      hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    }
  }
  return hash.digest('hex');
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
