import type { LineStore } from '../../compare/line-store.js';

/** What became of one prompt under one policy. */
export interface PublicResult {
  readonly benchmark: string;
  readonly task: string;
  readonly id: string;
  /** The text that it asks about, which other prompts of the task may ask about too. */
  readonly text: string;
  readonly policy: string;
  readonly budget: string;
  readonly groups: Readonly<Record<string, string>>;
  readonly prediction: string;
  /** 0 to 1; null where the official scorer ends with an error. */
  readonly official: number | null;
  /** 0 to 1, without the official scorer's quirks. */
  readonly strict: number;
  /** Tokens of the prompt. */
  readonly tokens: number;
  /** Tokens that were taken out of its middle before. */
  readonly cut: number;
  readonly newTokens: number;
  /** Before the answer: rows held over tokens read, mean over heads. */
  readonly keptShare: number;
  /** Bytes of keys, values, positions and policy state there. */
  readonly bytes: number;
  /** Most bytes of them at any moment, reading and answering. */
  readonly peakBytes: number;
  /** Resident memory of the process, at most, where a pass had just ended; of all its threads. */
  readonly residentBytes: number;
  /** The KV footprint (arXiv 2506.17121): entries held, summed over tokens read and written, over those of full attention. */
  readonly footprint: number;
  /** Global eviction ratio (arXiv 2603.01426): share of the tokens read that no head holds any more. */
  readonly goneEverywhere: number;
  /** As if it were alone: what was read for several prompts or policies counts for each. */
  readonly seconds: number;
}

/** Where results go, and those of an earlier run come from; a {@link LineStore} is one. */
export type ResultStore = Pick<LineStore<PublicResult>, 'has' | 'get'>;
