import { stateOfTheUnion } from '@namm/benchmarks/texts';
import { StatusLine } from '@namm/cli';
import { Decoder, loadTokenizer, type Tokenizer } from '@namm/decoder';
import { type CacheMemory, createPolicy } from '@namm/kv-cache';
import { MeasurementError } from '../measuring/measurement-error.js';
import { peakMegabytes } from '../measuring/peak-megabytes.js';
import { bitsAsTrained } from './bits-as-trained.js';
import { type ChunkNote, runEndless } from './run-endless.js';
import { bitsPerByte, type Quality } from './summarise.js';

const status = new StatusLine();

/** What is read, by what. */
export interface EndlessRequest {
  readonly folder: string;
  /** Folder of the tokenizer. */
  readonly tokenizer: string;
  /** Whether the model can say anything about text, so that its bits count. */
  readonly isTrained: boolean;
  readonly tokens: number;
  readonly limit: number;
  /** `absolute`: beyond the limit, for comparison. */
  readonly positions: 'compact' | 'absolute';
  readonly budget: number;
  readonly chunk: number;
  readonly policy: string;
  readonly seed: number;
  readonly threads: number;
}

/** What came of it. */
export interface EndlessResult {
  readonly notes: readonly ChunkNote[];
  /** The cache in the end. */
  readonly memory: CacheMemory;
  /** Largest resident memory of the process when the run was over. */
  readonly peakMegabytes: number;
  /** Bits per byte of a stretch of tokens; null without a trained model. */
  readonly quality: ((from: number, to: number) => Quality) | null;
}

/**
 * Reads prose through a bounded cache, then, if the model is trained, the same as it was
 * trained.
 *
 * @throws {MeasurementError} when there is not as much prose, or budget and chunk exceed the limit
 */
export async function measureEndless(request: EndlessRequest): Promise<EndlessResult> {
  const { folder, limit, positions, budget, chunk, seed, threads } = request;
  if (budget + chunk > limit) {
    const sum = `a budget of ${budget} and chunks of ${chunk}`;
    throw new MeasurementError(`${sum} do not fit into ${limit} positions; choose less.`);
  }
  const tokenizer = await loadTokenizer(request.tokenizer);
  const ids = proseIds(tokenizer, request.tokens);
  const policy = createPolicy(request.policy, { budget, seed });
  const decoder = await Decoder.load(folder, {
    threads,
    chunkSize: chunk,
    maximumPositions: positions === 'compact' ? limit : ids.length,
    probe: policy.probe,
  });
  const cache = decoder.createCache({ policy, positions });
  const bits = request.isTrained ? new Float64Array(ids.length).fill(Number.NaN) : null;
  const progress = (what: string) => (tokens: number) =>
    status.show(`${what}: ${tokens} of ${ids.length} tokens`);
  const notes = await runEndless(decoder, cache, ids, bits, progress('without end'));
  const result = { notes, memory: cache.memory(), peakMegabytes: peakMegabytes() };
  await decoder.release();
  if (bits === null) return { ...result, quality: null };

  const plain = await Decoder.load(folder, { threads });
  const prefix = tokenizer.encode('');
  const trained = await bitsAsTrained(plain, ids, prefix, progress('as trained'));
  await plain.release();
  const bytesOf = (from: number, to: number) =>
    Buffer.byteLength(tokenizer.decode([...ids.subarray(from, to)]));
  const quality = (from: number, to: number) => bitsPerByte(bits, trained, bytesOf, from, to);
  return { ...result, quality };
}

/** The first tokens of the held-out prose, with what begins a text. */
function proseIds(tokenizer: Tokenizer, count: number): Int32Array {
  const ids = [...tokenizer.encode('')];
  for (const { text } of stateOfTheUnion(1790, 1944)) {
    if (ids.length >= count) break;
    for (const id of tokenizer.encode(`${text}\n\n`, { addSpecialTokens: false })) ids.push(id);
  }
  if (ids.length >= count) return Int32Array.from(ids.slice(0, count));
  throw new MeasurementError(
    `There are only ${ids.length} tokens of prose; choose --tokens up to that.`,
  );
}
