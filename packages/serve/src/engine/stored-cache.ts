import type { WorkerCache } from '@namm/decoder';
import type { ProtectedSpan } from '@namm/kv-cache';
import type { ChosenPolicy } from './chosen-policy.js';

/**
 * A sequence that requests can continue. It is only forked, never stepped itself, so its copy on disk stays valid.
 */
export interface StoredCache {
  readonly id: string;
  /** All ids that were read. */
  readonly ids: Int32Array;
  readonly policy: ChosenPolicy;
  readonly spans: readonly ProtectedSpan[];
  /** The end of a conversation, or a prefix that others may share. */
  readonly kind: 'conversation' | 'prefix';
  /** Null while it is on the disk only. */
  cache: WorkerCache | null;
  /** Null as long as it was not saved. */
  file: string | null;
  /** Bytes of its rows, whether in memory or on the disk. */
  bytes: number;
}
