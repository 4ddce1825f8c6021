import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  NammError,
  parseSealedJson,
  type RetentionRecord,
  sealedJson,
  writeFileAtomic,
} from '@namm/core';
import * as z from '@namm/core/schema';
import { CacheUseError, type DecoderWorker, type WorkerCache } from '@namm/decoder';
import {
  type BudgetInput,
  cacheDtypes,
  type ProtectedSpan,
  type RetentionTexts,
} from '@namm/kv-cache';
import type { ChosenPolicy } from './chosen-policy.js';
import { UnknownConversationError } from './engine-errors.js';
import { PrefixTree } from './prefix-tree.js';
import type { StoredCache } from './stored-cache.js';

export interface CacheStoreOptions {
  readonly model: DecoderWorker;
  /** Where caches are saved; null keeps them in memory only. */
  readonly folder: string | null;
  /** Bytes that saved caches may take on the disk. */
  readonly diskLimit: number;
  /** Bytes that what is known of all sequences may take in memory, beside their caches. */
  readonly knownLimit: number;
  /** Whether caches that come back from the disk are recorded from there on. */
  readonly recording: boolean;
  /** Makes the policy that a saved cache names. */
  choose(name: string, budget: BudgetInput | null): Promise<ChosenPolicy>;
  /** Is told what went wrong without harm. */
  readonly onWarning: (message: string) => void;
}

/** Bytes of a sequence and its place in the tree without their ids, at most; measured with some to spare. */
const knownBytesEach = 3000;

/** Milliseconds after which a cache without its second file is none that another process is just writing. */
const orphanAge = 3_600_000;

/** What is written beside a saved cache. */
const sidecar = z.object({
  version: z.literal(1),
  model: z.string(),
  dtype: z.enum(cacheDtypes),
  ids: z.array(z.int().min(0)),
  policy: z.object({ name: z.string(), budget: z.union([z.string(), z.number(), z.null()]) }),
  spans: z.array(
    z.object({
      ...{ start: z.int(), end: z.int() },
      keep: z.union([z.enum(['all', 'share']), z.number()]).optional(),
    }),
  ),
  kind: z.enum(['conversation', 'prefix']),
  bytes: z.number(),
});

/**
 * The sequences that requests can go on from, in memory and on the disk, found by their ids. Those used longest ago
 * leave memory first, and go on exactly when they come back.
 */
export class CacheStore {
  readonly #options: CacheStoreOptions;
  readonly #tree = new PrefixTree<StoredCache>();
  /** The one used longest ago first. */
  readonly #caches = new Map<string, StoredCache>();
  #savedBytes = 0;
  #knownBytes = 0;

  constructor(options: CacheStoreOptions) {
    this.#options = options;
  }

  /**
   * Finds what an earlier run has saved, as far as the limits go. What cannot be read is left alone and told; what a
   * process that was killed had not finished is removed.
   */
  async load(): Promise<void> {
    const { folder, model, choose, onWarning } = this.#options;
    if (folder === null) return;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of await savedNames(folder)) {
      let policy = '';
      try {
        const parsed = sidecar.safeParse(
          parseSealedJson(await readFile(join(folder, name), 'utf8')),
        );
        if (!parsed.success) throw new Error('it is none');
        const saved = parsed.data;
        policy = saved.policy.name;
        const { model: served, dtype = 'fp32' } = model.cacheShape;
        if (saved.model !== served || saved.dtype !== dtype) continue;
        const id = name.slice(0, -'.json'.length);
        this.#insert({
          id,
          ids: Int32Array.from(saved.ids),
          policy: await choose(saved.policy.name, saved.policy.budget),
          spans: saved.spans.map(({ start, end, keep = 'all' }) => ({ start, end, keep })),
          kind: saved.kind,
          cache: null,
          file: join(folder, `${id}.safetensors`),
          bytes: saved.bytes,
        });
      } catch (cause) {
        const isOfOther = cause instanceof CacheUseError;
        const reason = isOfOther
          ? `it was held under '${policy}', which this start does not compute attention for`
          : (cause as Error).message;
        onWarning(`the saved conversation ${name} is left as it is: ${reason}`);
      }
    }
    await this.#trim();
  }

  /** All of them, the one used last first. */
  list(): StoredCache[] {
    return [...this.#caches.values()].reverse();
  }

  /**
   * The longest beginning of a prompt that was read under the same policy and protection, with at least one token of
   * the prompt left to read.
   */
  find(ids: Int32Array, policy: ChosenPolicy, spans: readonly ProtectedSpan[]): StoredCache | null {
    const found = this.#tree.find(
      ids,
      (entry, length) =>
        length < ids.length &&
        entry.policy.key === policy.key &&
        isSame(entry.spans, clipped(spans, length)),
    );
    return found?.entry ?? null;
  }

  /** How many ids of a prompt some sequence begins with, under whatever policy. */
  commonLength(ids: Int32Array): number {
    return this.#tree.commonLength(ids);
  }

  /** Takes over a cache. One of the same ids, policy and protection gives way. */
  async add(
    given: Pick<StoredCache, 'ids' | 'policy' | 'kind'> & {
      readonly cache: WorkerCache;
      readonly spans: readonly ProtectedSpan[];
    },
  ): Promise<StoredCache> {
    const { allocated, shared, policy } = (await given.cache.memory()).bytes;
    const entry: StoredCache = {
      id: randomUUID(),
      ...given,
      spans: clipped(given.spans, given.ids.length),
      file: null,
      bytes: allocated + shared + policy,
    };
    const twin = this.#tree.find(
      entry.ids,
      (other, length) =>
        length === entry.ids.length &&
        other.policy.key === entry.policy.key &&
        isSame(other.spans, entry.spans),
    );
    if (twin !== null) await this.#drop(twin.entry);
    this.#insert(entry);
    await this.#trim();
    return entry;
  }

  /**
   * A cache that goes on from a stored one; null when that is gone, as when it cannot be read any more.
   */
  async open(entry: StoredCache): Promise<WorkerCache | null> {
    if (!this.#touch(entry)) return null; // it had to go for another
    if (entry.cache !== null) return await entry.cache.fork();
    try {
      const { worker } = entry.policy;
      const { model, recording } = this.#options;
      const how = { policy: worker, ...(recording && { recording: {} }) };
      return await model.restoreCache(entry.file!, how);
    } catch (cause) {
      if (!NammError.isInstance(cause)) throw cause;
      this.#options.onWarning(`a saved conversation is read anew: ${cause.message}`);
      await this.#drop(entry);
      return null;
    }
  }

  /**
   * What the heads of a conversation held; of one that came from the disk, what they hold now.
   *
   * @throws {UnknownConversationError} when there is none of that name, or it cannot be read any more
   * @throws {CacheUseError} when nothing is recorded
   */
  async retention(
    id: string,
    texts: (ids: Int32Array) => RetentionTexts,
  ): Promise<RetentionRecord> {
    const entry = this.#get(id);
    const cache = await this.open(entry);
    if (cache === null) throw new UnknownConversationError(id);
    try {
      return await cache.retention(texts(entry.ids));
    } finally {
      await cache.release();
    }
  }

  /** The one in memory that was used longest ago. */
  oldestInMemory(except: StoredCache | null): StoredCache | null {
    for (const entry of this.#caches.values()) {
      if (entry.cache !== null && entry !== except) return entry;
    }
    return null;
  }

  /** Frees its memory; it goes to the disk if it can, or is lost. */
  async spill(entry: StoredCache): Promise<void> {
    const { cache } = entry;
    if (cache === null) return;
    try {
      if (this.#options.folder === null) {
        await this.#drop(entry);
        return;
      }
      await this.#save(entry, this.#options.folder);
      entry.cache = null;
      await cache.release();
    } catch (cause) {
      if (!NammError.isInstance(cause) && (cause as { code?: unknown }).code === undefined)
        throw cause;
      this.#options.onWarning(`a conversation is not saved: ${(cause as Error).message}`);
      await this.#drop(entry);
    }
    await this.#trim();
  }

  /**
   * Writes a conversation to the disk, where it outlives the process.
   *
   * @throws {UnknownConversationError} when there is none of that name
   * @throws {NammError} when it cannot be written
   */
  async save(id: string): Promise<StoredCache> {
    const entry = this.#get(id);
    const { folder } = this.#options;
    if (folder === null) throw new NammError('NOT_SAVED', 'there is no folder to save it in');
    await this.#save(entry, folder);
    this.#touch(entry);
    await this.#trim();
    return entry;
  }

  /** Saves all conversations that are in memory only. */
  async saveAll(): Promise<void> {
    const { folder, onWarning } = this.#options;
    if (folder === null) return;
    for (const entry of this.list()) {
      if (entry.kind !== 'conversation') continue;
      await this.#save(entry, folder).catch((cause: Error) => {
        onWarning(`a conversation is not saved: ${cause.message}`);
      });
      await this.#trim();
    }
  }

  /**
   * Forgets a conversation, in memory and on the disk.
   *
   * @throws {UnknownConversationError} when there is none of that name
   */
  async drop(id: string): Promise<void> {
    await this.#drop(this.#get(id));
  }

  #get(id: string): StoredCache {
    const entry = this.#caches.get(id);
    if (entry === undefined) throw new UnknownConversationError(id);
    return entry;
  }

  /** It is now the one used last. @returns whether it is still there */
  #touch(entry: StoredCache): boolean {
    if (!this.#caches.delete(entry.id)) return false;
    this.#caches.set(entry.id, entry);
    return true;
  }

  #insert(entry: StoredCache): void {
    this.#tree.insert(entry.ids, entry);
    this.#caches.set(entry.id, entry);
    this.#knownBytes += knownBytes(entry);
    if (entry.file !== null) this.#savedBytes += diskBytes(entry);
  }

  async #save(entry: StoredCache, folder: string): Promise<void> {
    if (entry.file !== null || entry.cache === null) return;
    const file = join(folder, `${entry.id}.safetensors`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await entry.cache.save(file);
    const { ids, policy, spans, kind, bytes } = entry;
    const { model, dtype = 'fp32' } = entry.cache.shape;
    const saved: z.input<typeof sidecar> = {
      ...{ version: 1, model, dtype, ids: [...ids], kind, bytes },
      policy: { name: policy.name, budget: plain(policy.budget) },
      spans: spans.map(({ start, end, keep = 'all' }) => ({ start, end, keep })),
    };
    // Last, so that a file that stands beside it is whole.
    await writeFileAtomic(join(folder, `${entry.id}.json`), sealedJson(saved));
    entry.file = file;
    this.#savedBytes += diskBytes(entry);
  }

  async #drop(entry: StoredCache): Promise<void> {
    this.#tree.remove(entry.ids, entry);
    this.#caches.delete(entry.id);
    this.#knownBytes -= knownBytes(entry);
    const { cache } = entry;
    entry.cache = null;
    await cache?.release();
    await this.#removeFiles(entry);
  }

  async #removeFiles(entry: StoredCache): Promise<void> {
    const { file } = entry;
    if (file === null) return;
    entry.file = null;
    this.#savedBytes -= diskBytes(entry);
    await rm(file.replace(/\.safetensors$/, '.json'), { force: true });
    await rm(file, { force: true });
  }

  /**
   * Keeps to the limits of the disk and of what is known: those used longest ago are forgotten, never the newest. So
   * memory does not grow with the number of conversations that there ever were.
   */
  async #trim(): Promise<void> {
    const { diskLimit, knownLimit } = this.#options;
    for (const entry of this.#caches.values()) {
      const isKnownTooMuch = this.#knownBytes > knownLimit && this.#caches.size > 1;
      if (isKnownTooMuch || (this.#savedBytes > diskLimit && entry.file !== null)) {
        if (isKnownTooMuch || entry.cache === null) await this.#drop(entry);
        else await this.#removeFiles(entry);
      } else if (this.#savedBytes <= diskLimit) {
        return;
      }
    }
  }
}

/** Bytes in memory of what is known of a sequence: its ids are in the tree once more. */
function knownBytes({ ids }: StoredCache): number {
  return knownBytesEach + 2 * ids.byteLength;
}

/** Bytes of its two files, about; ids are written as text. */
function diskBytes({ ids, bytes }: StoredCache): number {
  return bytes + 6 * ids.length;
}

/**
 * Names of the second files of a folder, the one written longest ago first. First files that have none since their
 * process was killed go.
 */
async function savedNames(folder: string): Promise<string[]> {
  const names = new Set(await readdir(folder));
  const found: { readonly name: string; readonly written: number }[] = [];
  for (const name of names) {
    const isSecond = name.endsWith('.json');
    const isOrphan =
      /^[0-9a-f-]{36}\.safetensors$/.test(name) && !names.has(name.replace(/safetensors$/, 'json'));
    if (!isSecond && !isOrphan) continue;
    const written = await stat(join(folder, name)).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(), // another process has removed it
    );
    if (isSecond) found.push({ name, written });
    else if (Date.now() - written > orphanAge) await rm(join(folder, name), { force: true });
  }
  return found.sort((a, b) => a.written - b.written).map(({ name }) => name);
}

/** What of the spans lies within the first tokens. */
export function clipped(spans: readonly ProtectedSpan[], length: number): ProtectedSpan[] {
  return spans
    .filter(({ start }) => start < length)
    .map(({ start, end, keep = 'all' }) => ({ start, end: Math.min(end, length), keep }));
}

/** Whether two lists of spans say the same. */
export function isSame(a: readonly ProtectedSpan[], b: readonly ProtectedSpan[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function plain(budget: BudgetInput | null): string | number | null {
  if (budget === null || typeof budget !== 'object') return budget;
  if (budget.kind === 'tokens') return budget.tokens;
  return budget.kind === 'share' ? `${100 * budget.share}%` : `${budget.bytes}B`;
}
