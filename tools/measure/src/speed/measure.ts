import { writeFile } from 'node:fs/promises';
import { peakMegabytes } from '../measuring/peak-megabytes.js';
import { randomPrompt } from '../measuring/random-prompt.js';
import { type Elapsed, startStopwatch } from '../measuring/stopwatch.js';
import type { Measured, MeasureRequest, Seconds } from './measure-request.js';
import { loadNodeLlamaCpp } from './node-llama-cpp.js';
import { nodeLlamaCppRuntime } from './node-llama-cpp-runtime.js';
import { ourRuntime } from './our-runtime.js';
import type { Runtime } from './runtime.js';
import { transformersJsRuntime } from './transformers-js-runtime.js';

/** Tokens that are read and written before the measurement, so that code is compiled and weights are in memory. */
const warmUp = { read: 16, written: 48 };

/** Loads a model and measures one prompt in this process. */
export async function measure(request: MeasureRequest): Promise<Measured> {
  const { length, decodeTokens, vocabulary, seed, logitsFile } = request;
  await loadCode(request);
  const loading = startStopwatch();
  const runtime = await load(request);
  const { cpu, wall } = loading();
  const loadedMegabytes = process.memoryUsage.rss() / 2 ** 20;
  const prompt = randomPrompt(length, vocabulary, seed);
  await runtime.generate(prompt.slice(0, warmUp.read), warmUp.written, () => {});

  const tokens: number[] = [];
  const marks: Elapsed[] = [];
  const elapsed = startStopwatch();
  const policyBefore = runtime.policySeconds?.() ?? 0;
  let policySeconds: number | null = null;
  await runtime.generate(prompt, decodeTokens + 1, (token) => {
    marks.push(elapsed());
    policySeconds ??= runtime.policySeconds ? runtime.policySeconds() - policyBefore : null;
    tokens.push(token);
  });
  const peak = peakMegabytes(); // before logits are read again
  const [first, last] = [marks[0]!, marks.at(-1)!];
  if (logitsFile !== null) {
    await writeFile(logitsFile, Buffer.concat((await runtime.logits()).map(bytesOf)));
  }
  return {
    load: { cpu, wall },
    loadedMegabytes,
    prefill: { cpu: first.cpu, wall: first.wall },
    decode: perStep(first, last, decodeTokens),
    policySeconds,
    otherCores: last.others / last.wall,
    tokens,
    peakMegabytes: peak,
  };
}

/** Ours is loaded already. */
async function loadCode({ runtime, installation }: MeasureRequest): Promise<void> {
  if (runtime === 'transformers.js') await import('@huggingface/transformers');
  if (runtime === 'node-llama-cpp') await loadNodeLlamaCpp(installation);
}

function load(request: MeasureRequest): Promise<Runtime> {
  const { runtime, model, installation, length, decodeTokens, threads } = request;
  const { policy, dtype, cacheDtype } = request;
  const options = {
    model,
    threads,
    maximumTokens: Math.max(length + decodeTokens, warmUp.read + warmUp.written) + 4,
    keepLogits: request.logitsFile !== null,
  };
  switch (runtime) {
    case 'ours':
      return ourRuntime(options, { policy, dtype, cacheDtype });
    case 'transformers.js':
      return transformersJsRuntime(options);
    case 'node-llama-cpp':
      return nodeLlamaCppRuntime(options, installation);
  }
}

function perStep(first: Elapsed, last: Elapsed, steps: number): Seconds {
  return { cpu: (last.cpu - first.cpu) / steps, wall: (last.wall - first.wall) / steps };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
