import type { WorkerCache } from '@namm/decoder';
import type { ProtectedSpan } from '@namm/kv-cache';
import type { ChosenPolicy } from './chosen-policy.js';

/**
 * A sequence that requests may go on from. It is never stepped itself but forked, so what is on the disk stays true.
 */
export interface StoredCache {
  readonly id: string;
  /** All that was read. */
  readonly ids: Int32Array;
  readonly policy: ChosenPolicy;
  readonly spans: readonly ProtectedSpan[];
  /** What it is: the end of a conversation, or a place within one that others may share. */
  readonly kind: 'conversation' | 'prefix';
  /** Null while it is on the disk only. */
  cache: WorkerCache | null;
  /** Null as long as it was not saved. */
  file: string | null;
  /** Bytes of its rows, whether in memory or on the disk. */
  bytes: number;
}
