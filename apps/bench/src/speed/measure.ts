import { writeFile } from 'node:fs/promises';
import { Random } from '@namm/core';
import type { Measured, MeasureRequest } from './measure-request.js';
import { ourRuntime } from './our-runtime.js';
import { peerRuntime } from './peer-runtime.js';

/** Tokens that are read before the measurement, so that code is compiled and weights are in memory. */
const warmUpTokens = 16;

/** Loads a model and measures one prompt, in CPU time of this process. */
export async function measure(request: MeasureRequest): Promise<Measured> {
  const { runtime: name, folder, length, budget, newTokens, seed, logitsFile } = request;
  const runtime = await (name === 'ours' ? ourRuntime(folder, budget) : peerRuntime(folder));
  const random = new Random(seed, length);
  const prompt = Array.from({ length }, () => random.integer(49152));
  await runtime.generate(prompt.slice(0, warmUpTokens), 3, () => {});

  const tokens: number[] = [];
  const marks: NodeJS.CpuUsage[] = [];
  const kept: Float32Array[] = [];
  const start = process.cpuUsage();
  await runtime.generate(prompt, newTokens + 1, (token, logits) => {
    marks.push(process.cpuUsage());
    tokens.push(token);
    const isKept = tokens.length === 1 || tokens.length === newTokens + 1;
    if (isKept && logitsFile !== null) kept.push(logits.slice());
  });
  if (logitsFile !== null) await writeFile(logitsFile, Buffer.concat(kept.map(bytesOf)));
  const prefill = seconds(marks[0]!) - seconds(start);
  return {
    prefill,
    decode: (seconds(marks.at(-1)!) - seconds(marks[0]!)) / newTokens,
    tokens,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
}

function seconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
