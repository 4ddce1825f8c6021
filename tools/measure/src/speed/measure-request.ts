import type { PolicyChoice } from '@namm/cli';
import type { CacheDtype } from '@namm/kv-cache';

/** What one process measures. */
export interface MeasureRequest {
  readonly runtime: 'ours' | 'transformers.js' | 'node-llama-cpp';
  /** Model in the form the runtime reads: a folder, or a GGUF file. */
  readonly model: string;
  /** Where node-llama-cpp is installed; empty for the others. */
  readonly installation: string;
  /** What our cache forgets. */
  readonly policy: PolicyChoice;
  /** What our decoder holds matrices in. */
  readonly dtype: 'auto' | 'q8' | 'q4';
  /** What our cache holds keys and values in. */
  readonly cacheDtype: CacheDtype;
  /** Tokens of the prompt. */
  readonly length: number;
  /** Decode steps after the prompt. */
  readonly decodeTokens: number;
  readonly threads: number;
  /** Tokens that the model knows. */
  readonly vocabulary: number;
  readonly seed: number;
  /** Where to put the logits that the tokens were chosen from; null for nowhere. */
  readonly logitsFile: string | null;
}

/** Seconds of a piece of work. */
export interface Seconds {
  readonly cpu: number;
  readonly wall: number;
}

/** What it found. */
export interface Measured {
  /** Time until the model is ready, its runtime's code being loaded. */
  readonly load: Seconds;
  /** Resident memory then, MB. */
  readonly loadedMegabytes: number;
  /** Time to read the prompt and know the first token. */
  readonly prefill: Seconds;
  /** Time of one decode step, mean. */
  readonly decode: Seconds;
  /** Wall-clock seconds of the prefill that the policy took; null for peers. */
  readonly policySeconds: number | null;
  /** Cores that other processes kept busy meanwhile, mean. */
  readonly otherCores: number;
  /** Greedy tokens: one after the prompt, and one after each step. */
  readonly tokens: readonly number[];
  /** Largest resident memory of the process, MB. */
  readonly peakMegabytes: number;
}
