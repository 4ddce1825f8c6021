import type { WorkerCache } from '@namm/decoder';
import type { ProtectedSpan } from '@namm/kv-cache';
import type { EngineRequest, EngineResult, Writer } from './engine-request.js';

/** One answer of a request. */
interface Branch {
  readonly cache: WorkerCache;
  readonly writer: Writer;
  /** What was written so far, the next token included. */
  readonly written: number[];
  /** The token to read next; null when the answer is over. */
  next: number | null;
}

/** A request that is being answered, or waits for that. */
export class Run {
  readonly request: EngineRequest;
  readonly spans: readonly ProtectedSpan[];
  /** Bytes that it may take at most, beside what it shares. */
  needs: number;
  readonly resolve: (result: EngineResult) => void;
  readonly reject: (error: unknown) => void;
  /** Lengths of the prompt at which what was read is kept. */
  readonly wanted = new Set<number>();
  readonly branches: Branch[] = [];
  readonly since = performance.now();
  cache: WorkerCache | null = null;
  reused = 0;

  constructor(
    request: EngineRequest,
    needs: number,
    resolve: (result: EngineResult) => void,
    reject: (error: unknown) => void,
  ) {
    this.request = request;
    this.spans = [...(request.spans ?? [])].sort((a, b) => a.start - b.start);
    this.needs = needs;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** @param reused tokens that the cache has read */
  begin(cache: WorkerCache, reused: number): void {
    this.cache = cache;
    this.reused = reused;
  }

  /** Tokens of the prompt that are read. */
  get seen(): number {
    return this.cache?.seen ?? 0;
  }

  get isReading(): boolean {
    return this.branches.length === 0;
  }

  /** Whether its answer waits for a slow reader; a prompt is read all the same. */
  get isHeld(): boolean {
    return !this.isReading && this.request.pace?.isHeld === true;
  }

  get isOver(): boolean {
    return !this.isReading && this.branches.every(({ next }) => next === null);
  }

  /** Tokens of all answers. */
  get written(): number {
    return this.branches.reduce((sum, { written }) => sum + written.length, 0);
  }

  /** Bytes that its caches have for themselves. */
  async allocated(): Promise<number> {
    let sum = 0;
    for (const { cache } of this.sequences()) {
      const { allocated, policy } = (await cache.memory()).bytes;
      sum += allocated + policy;
    }
    return sum;
  }

  /** Lets every writer begin. @returns milliseconds since the request came */
  startBranches(caches: readonly WorkerCache[], logits: Float32Array): number {
    for (const [i, writer] of this.request.writers.entries()) {
      const branch: Branch = { cache: caches[i]!, writer, written: [], next: null };
      this.branches.push(branch);
    }
    for (const branch of this.branches) this.write(branch, logits.slice());
    return performance.now() - this.since;
  }

  write(branch: Branch, logits: Float32Array): void {
    branch.next = branch.writer.next(logits);
    if (branch.next !== null) branch.written.push(branch.next);
  }

  /** Its caches, each with the ids that it has read or is about to. */
  sequences(): { readonly cache: WorkerCache; readonly ids: Int32Array }[] {
    const { ids } = this.request;
    if (this.cache === null) return [];
    if (this.isReading) return [{ cache: this.cache, ids }];
    return this.branches.map(({ cache, written }) => {
      const all = new Int32Array(ids.length + written.length);
      all.set(ids);
      all.set(written, ids.length);
      return { cache, ids: all };
    });
  }
}
