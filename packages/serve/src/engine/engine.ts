import { setImmediate as turn } from 'node:timers/promises';
import { checkInteger, checkNames, NammError, type RetentionRecord } from '@namm/core';
import {
  DecoderWorker,
  type DecoderWorkerOptions,
  requireProbe,
  type WorkerCache,
} from '@namm/decoder';
import type { BudgetInput, ProtectedSpan, RetentionTexts, StepItem } from '@namm/kv-cache';
import { CacheStore, clipped, isSame } from './cache-store.js';
import { choiceInterval } from './choice-interval.js';
import { type ChosenPolicy, choosePolicy, type PolicyMaker } from './chosen-policy.js';
import { EngineClosedError, QueueFullError, RequestTooLargeError } from './engine-errors.js';
import { EngineFigures } from './engine-figures.js';
import type { EngineRequest, EngineResult } from './engine-request.js';
import { fairOrder } from './fair-order.js';
import { checkMemoryLimit, memoryNeeds, tailNeeds } from './memory-needs.js';
import { chunkFor, isEndless, servedPositions } from './positions.js';
import { Run } from './run.js';
import type { StoredCache } from './stored-cache.js';

export interface EngineOptions {
  /** Limit in bytes for the caches of all conversations together. */
  readonly memoryLimit: number;
  /** Folder for conversations that do not fit in memory; null forgets them. */
  readonly folder: string | null;
  /**
   * Limit in bytes for that folder. The index of all conversations in memory takes some 3 kB each and 8 bytes per
   * token; if it exceeds a sixteenth of the memory limit (at least 1 MB), the least recently used conversations are
   * dropped.
   * @defaultValue 10 GB
   */
  readonly diskLimit?: number;
  /**
   * Requests answered at the same time.
   * @defaultValue 8
   */
  readonly maxActive?: number;
  /**
   * Length of the queue.
   * @defaultValue 64
   */
  readonly maxQueue?: number;
  /** Policies beyond `@namm/kv-cache`, by the names that requests use. */
  readonly policies?: Readonly<Record<string, PolicyMaker>>;
  /**
   * Whether to record what each head of every conversation holds, for {@link Engine.retention}. This takes memory in
   * addition to the limit: some bytes per token and head.
   * @defaultValue false
   */
  readonly recording?: boolean;
  /** Options for loading the model. */
  readonly decoder?: DecoderWorkerOptions;
  /** Module from which the worker imports `@namm/kv-cache`, for bundled programs. */
  readonly policyModule?: string;
  /** Called with warnings about problems that do no harm. */
  readonly onWarning?: (message: string) => void;
}

const optionNames = [
  ...(['memoryLimit', 'folder', 'diskLimit', 'maxActive', 'maxQueue', 'policies'] as const),
  ...(['recording', 'decoder', 'policyModule', 'onWarning'] as const),
] as const satisfies readonly (keyof EngineOptions)[];

const requestNames = [
  ...(['ids', 'policy', 'spans', 'tail', 'keepAt', 'maxNewTokens', 'writers'] as const),
  ...(['client', 'pace', 'signal', 'onAccepted'] as const),
] as const satisfies readonly (keyof EngineRequest)[];

/** Bytes that may be known of conversations in any case, however little their caches may take. */
const leastKnown = 1e6;

/** Policies with their budgets that are remembered: conversations that want the same share one. */
const mostPolicies = 1000;

/** Clients whose last turn is remembered. */
const mostClients = 1000;

interface Queued {
  readonly run: Run;
  readonly client: string;
  readonly since: number;
}

/**
 * Answers many requests with one model, which runs in a worker thread. The caches of all conversations together stay
 * within one memory limit: requests wait until there is room, and the least recently used conversations move to disk,
 * from which they are restored exactly. A prefix that prompts share is read once, compressed once, and forked.
 *
 * @example
 * ```ts
 * const engine = await Engine.load('models/mine', { memoryLimit: 1e9, folder: 'conversations' });
 * const policy = await engine.choosePolicy('keydiff', 512);
 * await engine.run({ ids, policy, maxNewTokens: 100, writers: [writer] });
 * await engine.close();
 * ```
 */
export class Engine {
  readonly model: DecoderWorker;
  readonly figures = new EngineFigures();
  readonly memoryLimit: number;
  /** Tokens of a prompt that are read at once; chunks end at its multiples. */
  readonly #chunkSize: number;
  readonly #options: EngineOptions;
  readonly #store: CacheStore;
  readonly #queue: Queued[] = [];
  readonly #active: Run[] = [];
  readonly #policies = new Map<string, ChosenPolicy>();
  /** When clients had their last turn. */
  readonly #turns = new Map<string, number>();
  #turnCount = 0;
  /** When the event loop last had a turn. */
  #lastTurn = 0;
  /** Whose turn it is to read. */
  #reader = 0;
  #isRunning = false;
  #work: Promise<void> = Promise.resolve();
  #closed: EngineClosedError | null = null;

  private constructor(model: DecoderWorker, options: EngineOptions) {
    this.model = model;
    this.memoryLimit = options.memoryLimit;
    this.#chunkSize = chunkFor(model.chunkSize, model.spec.maximumPositions);
    this.#options = options;
    const { folder, diskLimit = 10e9, recording = false, onWarning = () => {} } = options;
    const knownLimit = Math.max(leastKnown, options.memoryLimit / 16);
    this.#store = new CacheStore({
      ...{ model, folder, diskLimit, knownLimit, recording, onWarning },
      choose: (name, budget) => this.choosePolicy(name, budget),
    });
  }

  /**
   * Loads a model, and finds the conversations saved by an earlier run.
   *
   * @param path folder or GGUF file of the model
   * @throws {InvalidArgumentError} for a bad option
   * @throws whatever {@link DecoderWorker.load} throws
   */
  static async load(path: string, options: EngineOptions): Promise<Engine> {
    checkNames('Engine.load', options, optionNames);
    checkInteger('memoryLimit', options.memoryLimit, 1);
    for (const name of ['diskLimit', 'maxActive', 'maxQueue'] as const) {
      if (options[name] !== undefined) checkInteger(name, options[name], 1);
    }
    const model = await DecoderWorker.load(path, { chunkSize: 128, ...options.decoder });
    const engine = new Engine(model, options);
    try {
      checkMemoryLimit(engine.model.cacheShape, engine.memoryLimit);
      await engine.#store.load();
    } catch (error) {
      await model.release();
      throw error;
    }
    return engine;
  }

  /**
   * The policy of a request.
   *
   * @param name of a classic policy, or one of the options
   * @param budget what it may keep; null for `full`
   * @throws {InvalidArgumentError} when they are invalid, or cannot be combined
   * @throws {CacheUseError} when the model was loaded without the probe that it needs
   */
  async choosePolicy(name: string, budget: BudgetInput | null): Promise<ChosenPolicy> {
    const wanted = JSON.stringify([name, budget]);
    const known = this.#policies.get(wanted);
    if (known !== undefined) return known;
    const { policies = {}, policyModule = '@namm/kv-cache' } = this.#options;
    const chosen = await choosePolicy(name, budget, this.model.cacheShape, policies, policyModule);
    requireProbe(this.model.probe, chosen.policy);
    if (this.#policies.size === mostPolicies) this.#policies.clear();
    this.#policies.set(wanted, chosen);
    return chosen;
  }

  /** Whether a conversation can have any length. @param spans that are protected */
  isEndless(policy: ChosenPolicy, spans: readonly ProtectedSpan[]): boolean {
    return isEndless(this.model.spec, policy, spans, this.#chunkSize);
  }

  /** Null while requests are accepted, otherwise the reason why not. */
  get closed(): EngineClosedError | null {
    return this.#closed;
  }

  /** Number of requests being answered, and waiting. */
  get load(): { readonly active: number; readonly waiting: number } {
    return { active: this.#active.length, waiting: this.#queue.length };
  }

  /** The stored sequences that requests can continue, most recently used first. */
  conversations(): readonly Omit<StoredCache, 'cache'>[] {
    return this.#store.list();
  }

  /** Current bytes of all caches. */
  async cacheBytes(): Promise<number> {
    return await this.model.cacheBytes();
  }

  /**
   * What each head of a conversation held after each step; requires an engine loaded with `recording`.
   *
   * @param texts makes the texts for a readable page from the tokens that were read
   * @throws {UnknownConversationError} when there is none of that name
   * @throws {CacheUseError} when nothing is recorded
   */
  async retention(
    id: string,
    texts: (ids: Int32Array) => RetentionTexts = () => ({}),
  ): Promise<RetentionRecord> {
    return await this.#exclusively(() => this.#store.retention(id, texts));
  }

  /**
   * @throws {UnknownConversationError} when there is none of that name
   * @throws {NammError} when it cannot be written
   */
  async save(id: string): Promise<void> {
    await this.#exclusively(async () => void (await this.#store.save(id)));
  }

  /** @throws {UnknownConversationError} when there is none of that name */
  async drop(id: string): Promise<void> {
    await this.#exclusively(() => this.#store.drop(id));
  }

  /**
   * Reads the part of a prompt that was not read before, and lets writers answer.
   *
   * @throws {QueueFullError} when too many requests wait
   * @throws {RequestTooLargeError} when it needs more memory than the limit
   * @throws {EngineClosedError} when the engine closes, or has lost its model
   * @throws the reason of the signal
   * @throws whatever the model or a writer throws
   */
  async run(request: EngineRequest): Promise<EngineResult> {
    checkNames('Engine.run', request, requestNames);
    if (this.#closed !== null) throw this.#closed;
    request.signal?.throwIfAborted();
    const { ids, policy, spans = [], maxNewTokens, writers } = request;
    const { cacheShape } = this.model;
    const total = ids.length + maxNewTokens;
    const each = memoryNeeds(cacheShape, policy, spans, total, this.#chunkSize);
    // When a cache is forked for several answers, what they share is there once more.
    const needs = each * (writers.length === 1 ? 1 : writers.length + 1);
    if (needs > this.memoryLimit) throw new RequestTooLargeError(needs, this.memoryLimit);
    const { maxQueue = 64 } = this.#options;
    if (this.#queue.length >= maxQueue) {
      throw new QueueFullError(this.#queue.length, this.figures.secondsPerRequest());
    }
    return await new Promise<EngineResult>((resolve, reject) => {
      const run = new Run(request, needs, resolve, reject);
      this.#queue.push({ run, client: request.client ?? '', since: performance.now() });
      request.pace?.listen(() => this.#start());
      request.onAccepted?.();
      request.signal?.addEventListener('abort', () => this.#start(), { once: true });
      this.#start();
    });
  }

  /**
   * Accepts no more requests, lets running ones finish, saves the conversations and closes the model.
   *
   * @param patience milliseconds to wait for running requests
   */
  async close(patience = 30_000): Promise<void> {
    if (this.#closed === null) this.#closed = new EngineClosedError('the server is being stopped');
    const closed = this.#closed;
    for (const { run } of this.#queue.splice(0)) run.reject(closed);
    const end = performance.now() + patience;
    while (this.#active.length > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.#exclusively(async () => {
      for (const run of this.#active.splice(0)) await this.#end(run, closed);
      await this.#store.saveAll();
    });
    await this.model.release();
  }

  #start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#loop();
  }

  async #loop(): Promise<void> {
    try {
      let goesOn = true;
      while (goesOn) goesOn = await this.#exclusively(() => this.#turn());
    } catch (cause) {
      this.#fail(cause);
    } finally {
      this.#isRunning = false;
      // Requests that came while the last turn ended.
      if (this.#queue.length > 0 && this.#closed === null) this.#start();
    }
  }

  /** One thing at a time: what the loop does, and what is saved or dropped in between. */
  #exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#work.then(work);
    this.#work = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  /** The model is lost: nothing can be answered any more. */
  #fail(cause: unknown): void {
    this.#closed ??= new EngineClosedError(
      `the model has ended: ${(cause as Error).message}`,
      cause,
    );
    for (const run of this.#active.splice(0)) run.reject(this.#closed);
    for (const { run } of this.#queue.splice(0)) run.reject(this.#closed);
  }

  /** @returns whether there is more to do */
  async #turn(): Promise<boolean> {
    for (const run of [...this.#active]) {
      if (run.request.signal?.aborted) await this.#end(run, run.request.signal.reason);
    }
    await this.#admit();
    const items = this.#nextItems();
    if (items.length > 0) {
      await this.#step(items);
      return this.#active.length > 0 || this.#queue.length > 0;
    }
    // All that is under way is held by slow readers; what frees one of them, or ends it, starts the loop again.
    return this.#active.some(({ isHeld }) => !isHeld);
  }

  async #admit(): Promise<void> {
    const { maxActive = 8 } = this.#options;
    const clients = () => this.#active.map(({ request }) => request.client ?? '');
    const passedOver = new Set<Queued>();
    while (true) {
      const queued = fairOrder(this.#queue, clients(), this.#turns).find(
        (one) => !passedOver.has(one),
      );
      if (queued === undefined) return;
      const { run, since } = queued;
      const { signal } = run.request;
      if (signal?.aborted) {
        this.#unqueue(queued);
        run.reject(signal.reason);
        continue;
      }
      if (this.#active.length >= maxActive) return;
      const { ids, policy } = run.request;
      const found = this.#store.find(ids, policy, run.spans);
      if (this.#isBeingRead(run, found?.ids.length ?? 0)) {
        passedOver.add(queued);
        continue;
      }
      const needs = this.#needsBehind(run, found);
      if (!(await this.#makeRoom(needs, found))) return;
      if (needs < run.needs && found!.cache === null) {
        // It was moved to disk to free memory, and comes back with its own rows.
        if (!(await this.#makeRoom(run.needs, found))) return;
      } else {
        run.needs = needs;
      }
      this.#unqueue(queued);
      this.#noteTurn(queued.client);
      this.figures.waited(performance.now() - since);
      try {
        await this.#begin(run, found);
      } catch (cause) {
        run.reject(cause);
        if (this.#closed !== null || isDeath(cause)) throw cause;
      }
    }
  }

  /** Bytes that a request may take that goes on from a stored sequence. */
  #needsBehind({ request, needs }: Run, found: StoredCache | null): number {
    const { ids, policy, maxNewTokens, writers } = request;
    const { cacheShape, spec } = this.model;
    const total = ids.length + maxNewTokens;
    if (found === null || found.cache === null || total > spec.maximumPositions) return needs;
    const interval = choiceInterval(policy, this.#chunkSize);
    const { length } = found.ids;
    const staysShared =
      policy.policy.keepsEverything === true ||
      (policy.policy.updateInterval === undefined &&
        Math.floor(total / interval) === Math.floor(length / interval));
    if (!staysShared) return needs;
    return Math.min(needs, writers.length * tailNeeds(cacheShape, policy, length, total));
  }

  /** The newest last. */
  #noteTurn(client: string): void {
    this.#turns.delete(client);
    this.#turns.set(client, this.#turnCount++);
    if (this.#turns.size > mostClients) this.#turns.delete(this.#turns.keys().next().value!);
  }

  #unqueue(queued: Queued): void {
    this.#queue.splice(this.#queue.indexOf(queued), 1);
  }

  /** Whether a request is reading a beginning that this one shares, so that it is worth waiting for. */
  #isBeingRead(run: Run, found: number): boolean {
    for (const other of this.#active) {
      if (!other.isReading || other.request.policy.key !== run.request.policy.key) continue;
      const place = this.#onGrid(commonLength(other.request.ids, run.request.ids));
      if (place <= found || place < other.seen) continue;
      if (place === other.seen && !other.wanted.has(place)) continue;
      if (!isSame(clipped(other.spans, place), clipped(run.spans, place))) continue;
      other.wanted.add(place);
      return true;
    }
    return false;
  }

  /** The last place not behind it at which a prompt that is read afresh has been chosen from. */
  #onGrid(length: number): number {
    return length - (length % this.#chunkSize);
  }

  async #begin(run: Run, found: StoredCache | null): Promise<void> {
    const { ids, policy, tail = 0, keepAt = [] } = run.request;
    const interval = choiceInterval(policy, this.#chunkSize);
    const opened = found === null ? null : await this.#store.open(found);
    const reused = opened === null ? 0 : found!.ids.length;
    const cache =
      opened ??
      (await this.model.createCache({
        ...{ policy: policy.worker, positions: servedPositions(this.model.spec, policy) },
        ...(interval > 1 && { decideAfter: interval }),
        ...(this.#options.recording && { recording: {} }),
      }));
    const last = Math.max(run.spans.at(-1)?.end ?? 0, ids.length - tail);
    const lastSpan = last < ids.length ? [{ start: last, end: ids.length }] : [];
    await cache.protect([...run.spans, ...lastSpan]);
    const common = Math.min(this.#store.commonLength(ids), ids.length - 1);
    for (const length of [...keepAt, common]) {
      const place = this.#onGrid(Math.min(length, ids.length - 1));
      if (place > reused) run.wanted.add(place);
    }
    run.begin(cache, reused);
    this.figures.began(ids.length, reused);
    this.#active.push(run);
  }

  /** Frees memory until there is so much more; false when that cannot be before a request has ended. */
  async #makeRoom(needed: number, except: StoredCache | null): Promise<boolean> {
    while (true) {
      let promised = needed;
      for (const run of this.#active) promised += Math.max(0, run.needs - (await run.allocated()));
      if ((await this.model.cacheBytes()) + promised <= this.memoryLimit) return true;
      const oldest = this.#store.oldestInMemory(except) ?? this.#store.oldestInMemory(null);
      if (oldest === null) return false;
      await this.#store.spill(oldest);
      this.figures.spilled();
    }
  }

  /** Every answer goes on by a token, and one prompt by a chunk. */
  #nextItems(): Turn[] {
    const turns: Turn[] = [];
    for (const run of this.#active) {
      if (run.isHeld) continue;
      for (const branch of run.branches) {
        if (branch.next === null) continue;
        const item = { cache: branch.cache, input: { ids: [branch.next] } };
        turns.push({ run, branch, item, seen: branch.cache.seen });
      }
    }
    const readers = this.#active.filter((run) => run.isReading);
    const run = readers[this.#reader++ % Math.max(1, readers.length)];
    if (run !== undefined) {
      const { cache, seen } = run;
      const { ids } = run.request;
      const end = Math.min(this.#onGrid(seen) + this.#chunkSize, ids.length);
      const outputs = end === ids.length ? 'last' : 'none';
      const item = { cache: cache!, input: { ids: ids.subarray(seen, end) }, outputs } as const;
      turns.push({ run, branch: null, item, seen });
    }
    return turns;
  }

  async #step(turns: readonly Turn[]): Promise<void> {
    const start = performance.now();
    try {
      const results = await this.model.step(turns.map(({ item }) => item));
      this.figures.stepped(performance.now() - start, turns.filter(({ branch }) => branch).length);
      for (const [i, { run, branch }] of turns.entries()) {
        await this.#goOn(run, branch, results[i]!.logits);
      }
    } catch (cause) {
      if (isDeath(cause) || this.#closed !== null) throw cause;
      if (turns.length === 1) {
        await this.#end(turns[0]!.run, cause);
        return;
      }
      // One of them failed. Those that have not advanced continue alone; the output of the others is lost.
      for (const each of turns) {
        const { cache } = each.item;
        if (!this.#active.includes(each.run)) continue;
        if (cache.seen === each.seen) await this.#step([each]);
        else if (each.item.outputs !== 'none') await this.#end(each.run, cause);
      }
    }
  }

  /** What a request does when a token or a chunk of it was computed. */
  async #goOn(
    run: Run,
    branch: Run['branches'][number] | null,
    logits: Float32Array,
  ): Promise<void> {
    try {
      if (branch !== null) {
        run.write(branch, logits);
      } else if (run.seen < run.request.ids.length) {
        if (run.wanted.delete(run.seen)) await this.#keepPrefix(run);
        return;
      } else {
        this.figures.read(run.startBranches(await this.#fork(run), logits));
      }
      if (performance.now() - this.#lastTurn > 5) {
        await turn(); // lets what was written go out
        this.#lastTurn = performance.now();
      }
    } catch (cause) {
      if (isDeath(cause)) throw cause;
      await this.#end(run, cause);
      return;
    }
    if (run.isOver) await this.#end(run, null);
  }

  async #fork(run: Run): Promise<WorkerCache[]> {
    const caches = [run.cache!];
    while (caches.length < run.request.writers.length) caches.push(await run.cache!.fork());
    return caches;
  }

  /** Keeps what was read so far, for others that begin alike, if there is room. */
  async #keepPrefix(run: Run): Promise<void> {
    const { allocated, shared } = (await run.cache!.memory()).bytes;
    if (!(await this.#makeRoom(allocated + shared, null))) return;
    const { policy, ids } = run.request;
    const cache = await run.cache!.fork();
    const spans = clipped(run.spans, run.seen);
    await this.#store.add({ ids: ids.slice(0, run.seen), policy, kind: 'prefix', cache, spans });
  }

  /**
   * Ends a request, and keeps what was read and written.
   *
   * @param failure why it ends, when that is not because all is written
   */
  async #end(run: Run, failure: unknown): Promise<void> {
    const place = this.#active.indexOf(run);
    if (place >= 0) this.#active.splice(place, 1);
    const { policy, signal } = run.request;
    const isSound = failure === null || failure === signal?.reason || failure === this.#closed;
    const conversations: EngineResult['conversations'][number][] = [];
    try {
      for (const { cache, ids } of run.sequences()) {
        if (!isSound || cache.seen === 0) {
          await cache.release();
          continue;
        }
        const { rows, bytes, keptPerHead, seen } = await cache.memory();
        const held = rows / keptPerHead.flat().length;
        this.figures.evicted(seen - run.reused, (seen - held) * keptPerHead.flat().length);
        const spans = clipped(run.spans, seen);
        const kind = run.isReading ? 'prefix' : 'conversation';
        const kept = { ids: ids.slice(0, seen), policy, kind, cache, spans } as const;
        const { id } = await this.#store.add(kept);
        const all = bytes.used + bytes.positions + bytes.policy;
        const heldPerLayer = keptPerHead.map((heads) =>
          Math.round(heads.reduce((sum, kept) => sum + kept, 0) / heads.length),
        );
        conversations.push({ id, seen, held: Math.round(held), heldPerLayer, bytes: all });
      }
    } catch (cause) {
      run.reject(failure ?? cause);
      if (isDeath(cause)) throw cause;
      return;
    }
    this.figures.ended(failure === null, run);
    if (failure === null) run.resolve({ reused: run.reused, conversations });
    else run.reject(failure);
  }
}

/** What a request has to do in a step. */
interface Turn {
  readonly run: Run;
  /** Null while its prompt is read. */
  readonly branch: Run['branches'][number] | null;
  readonly item: StepItem<WorkerCache>;
  /** Tokens of its cache before the step. */
  readonly seen: number;
}

function isDeath(cause: unknown): boolean {
  return NammError.isInstance(cause) && cause.code === 'WORKER_DIED';
}

function commonLength(a: Int32Array, b: Int32Array): number {
  const most = Math.min(a.length, b.length) - 1; // a token is left to read
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}
