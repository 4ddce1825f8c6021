/** Loaded and total bytes per file. */
type Files = Record<string, { loaded: number; total: number }>;

/**
 * Progress of finding and fetching a model, in the form of transformers.js: `initiate`, `download`, any number of
 * `progress`, and `done` for each file, even one that already exists. Each `progress` is preceded by a `progress_total`
 * with the bytes of all files; use that for progress bars.
 */
export type HubEvent =
  | {
      readonly status: 'initiate' | 'download' | 'done';
      readonly name: string;
      readonly file: string;
    }
  | {
      readonly status: 'progress';
      readonly name: string;
      readonly file: string;
      /** Per cent. */
      readonly progress: number;
      /** Bytes. */
      readonly loaded: number;
      readonly total: number;
    }
  | {
      readonly status: 'progress_total';
      readonly name: string;
      readonly progress: number;
      readonly loaded: number;
      readonly total: number;
      readonly files: Files;
    };

/** Bytes between two events of one file: a callback per network packet would cost more than it tells. */
const stride = 1 << 20;

/** What a callback threw, on its way through code that takes errors for trouble with the network. */
export class CallbackError extends Error {}

/** Tells a listener what happens. */
export class LoadingProgress {
  readonly #name: string;
  readonly #callback: ((event: HubEvent) => void) | null;
  readonly #files: Files = {};
  readonly #told = new Map<string, number>();

  /** @param name the model as the caller names it: an id or a folder */
  constructor(name: string, callback: ((event: HubEvent) => void) | null | undefined) {
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

  #tell(event: HubEvent): void {
    try {
      this.#callback?.(event);
    } catch (cause) {
      throw new CallbackError('the listener threw', { cause });
    }
  }
}

function percent(part: number, whole: number): number {
  return whole > 0 ? (part / whole) * 100 : 100;
}
