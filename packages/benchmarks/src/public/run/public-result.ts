import type { LineStore } from '../../compare/line-store.js';
import type { EvictionTime } from './eviction-time.js';

/** Result of one prompt under one policy. */
export interface PublicResult {
  readonly benchmark: string;
  readonly task: string;
  readonly id: string;
  /** Identifies its text; other prompts of the task may ask about the same one. */
  readonly text: string;
  readonly policy: string;
  readonly budget: string;
  /** When policies of the run evicted. @defaultValue 'while-reading', in results of before there was a choice */
  readonly evict?: EvictionTime;
  readonly groups: Readonly<Record<string, string>>;
  readonly prediction: string;
  /** 0 to 1; null if the official scorer fails with an error. */
  readonly official: number | null;
  /** 0 to 1, without the official scorer's quirks. */
  readonly strict: number;
  /** Tokens of the prompt. */
  readonly tokens: number;
  /** Tokens removed from its middle before. */
  readonly cut: number;
  readonly newTokens: number;
  /**
   * Before the answer, or where the question is read after the eviction, before the question: rows held over tokens read,
   * mean over heads.
   */
  readonly keptShare: number;
  /** Bytes of keys, values, positions and policy state there. */
  readonly bytes: number;
  /** Peak bytes while reading and answering. */
  readonly peakBytes: number;
  /** Peak resident memory of the process, all threads included, measured after passes. */
  readonly residentBytes: number;
  /** The KV footprint (arXiv 2506.17121): entries held, summed over tokens read and written, over those of full attention. */
  readonly footprint: number;
  /** Global eviction ratio (arXiv 2603.01426): share of the tokens read that no head holds any more. */
  readonly goneEverywhere: number;
  /** Reading shared by several prompts or policies counts for each of them in full; answers written together share their time. */
  readonly seconds: number;
}

/** Where results go, and those of an earlier run come from; a {@link LineStore} is one. */
export type ResultStore = Pick<LineStore<PublicResult>, 'has' | 'get'>;
