import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkInteger, checkNames, type ProgressListener } from '@namm/core';
import { featuresPerToken, RowFeatures, type TaughtMap, taughtMap } from '@namm/kv-cache';
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
  /** Where the run writes what it has done; the same folder goes on with it. */
  readonly folder: string;
  /**
   * First tokens of a passage that are not fitted to, as they stay anyway.
   * @defaultValue 4
   */
  readonly sinks?: number;
  /** Stages `passages`, and then `scores`. */
  readonly onProgress?: ProgressListener;
  /** Stops it between chunks of tokens, with the signal's reason; the next run goes on with the passage. */
  readonly signal?: AbortSignal;
}

/** A scorer with what is known of it. */
export interface TaughtScorer {
  readonly map: TaughtMap;
  /** Scores on held-out text from the lowest to the highest, `[101]`: what share is above a threshold. */
  readonly quantiles: Float32Array;
  readonly quality: {
    /** Pearson's correlation with the teacher on held-out text, over the tokens of all heads together. */
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

/** What is fitted is the logarithm of the teacher's score plus this: smaller ones are all alike. */
const leastScore = 1e-4;

/**
 * Teaches a scorer in closed form: what KVzip finds out by a second reading, or the text itself looks back at from afar, a
 * ridge regression learns to tell from what each layer itself caches of a token. Both readings of each passage are done once; of its rows only sums in float64
 * are kept, so that any amount of text will do. The strength of the ridge is chosen on the held-out passages.
 *
 * @param options model, text and where to keep what is done
 * @returns the scorer, which `taughtPolicy` of `@namm/kv-cache` takes
 * @throws {InvalidArgumentError} for a bad option, or a model whose keys cannot be rotated back
 * @throws {TeachError} when the text does not tell what to fit: more inputs than tokens, inputs that follow from others
 * @throws {FileFormatError} when the folder is of another run
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
  for (const { ids, isHeldOut } of passages) {
    const kind = isHeldOut ? 'heldOut' : 'fitted';
    if (seen[kind]++ >= sums[kind].passages) {
      const own = sums[kind];
      await addPassage(ids, own.layers);
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

  async function addPassage(ids: Int32Array, equations: readonly NormalEquations[]): Promise<void> {
    const reading = new ReadingMaxima(model.cacheShape, ids.length, farAway);
    const cache = await model.createCache({ policy: reading.policy, keepOutsideWindow: true });
    try {
      await model.step([{ cache, input: { ids }, outputs: 'none' }], stepOptions);
      const scores = await kvzip.scores(cache, ids, stepOptions);
      for (const [layer, own] of equations.entries()) {
        const x = features.read(cache, layer, sinks);
        const y = scores[layer]!.map((repeated, head) => {
          const read = reading.scores[layer]![head]!;
          return Float64Array.from(repeated.subarray(sinks), (score, i) =>
            Math.log(Math.max(score, read[sinks + i]!) + leastScore),
          );
        });
        own.add(x, y);
        signal?.throwIfAborted(); // what was added is forgotten: the run goes on from the file
      }
    } finally {
      await cache.release();
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
  hash.update(JSON.stringify([cacheShape.model, Array.from(prompt), sinks, leastScore, farAway]));
  for (const { ids, isHeldOut } of passages) {
    hash.update(`${isHeldOut} ${ids.length}`);
    hash.update(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
  }
  return hash.digest('hex');
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
