import type { ProgressCallback, ProgressInfo } from '@huggingface/transformers';

/** Loaded and total bytes per file, as `progress_total` events carry them. */
type Files = Record<string, { loaded: number; total: number }>;

/** Bytes between two events of one file: a callback per network packet would cost more than it tells. */
const stride = 1 << 20;

/** What a callback threw, on its way through code that takes errors for trouble with the network. */
export class CallbackError extends Error {}

/** Tells a `progress_callback` what transformers.js would tell it. */
export class LoadingProgress {
  readonly #name: string;
  readonly #callback: ProgressCallback | null;
  readonly #files: Files = {};
  readonly #told = new Map<string, number>();

  /** @param name the model as the caller names it: an id or a folder */
  constructor(name: string, callback: ProgressCallback | null | undefined) {
    this.#name = name;
    this.#callback = callback ?? null;
  }

  /** What a caller should see of an error: what its own callback threw. */
  static reveal(error: unknown): unknown {
    return error instanceof CallbackError ? error.cause : error;
  }

  /** Counts a file in the total before it is loaded. */
  expect(file: string, total: number): void {
    this.#files[file] = { loaded: 0, total };
  }

  initiate(file: string): void {
    this.#tell({ status: 'initiate', name: this.#name, file });
  }

  download(file: string): void {
    this.#tell({ status: 'download', name: this.#name, file });
  }

  progress(file: string, loaded: number, total: number): void {
    const told = this.#told.get(file) ?? -stride;
    if (loaded < total && loaded - told < stride) return;
    this.#told.set(file, loaded);
    this.#files[file] = { loaded, total };
    const all = Object.values(this.#files);
    const sum = all.reduce((bytes, one) => bytes + one.loaded, 0);
    const of = all.reduce((bytes, one) => bytes + one.total, 0);
    this.#tell({
      status: 'progress_total',
      name: this.#name,
      progress: percent(sum, of),
      loaded: sum,
      total: of,
      files: structuredClone(this.#files),
    });
    const progress = percent(loaded, total);
    this.#tell({ status: 'progress', name: this.#name, file, progress, loaded, total });
  }

  done(file: string): void {
    this.#tell({ status: 'done', name: this.#name, file });
  }

  /** A file that is on the disk already, as transformers.js reports it. */
  found(file: string, size: number): void {
    this.initiate(file);
    this.download(file);
    this.progress(file, size, size);
    this.done(file);
  }

  ready(): void {
    this.#callback?.({ status: 'ready', task: 'text-generation', model: this.#name });
  }

  #tell(event: ProgressInfo): void {
    try {
      this.#callback?.(event);
    } catch (cause) {
      throw new CallbackError('progress_callback threw', { cause });
    }
  }
}

function percent(part: number, whole: number): number {
  return whole > 0 ? (part / whole) * 100 : 100;
}
