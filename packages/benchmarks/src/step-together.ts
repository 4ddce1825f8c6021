import { checkNames } from '@namm/core';
import type {
  CacheShape,
  CreateCacheOptions,
  Probe,
  RestoreCacheOptions,
  SequenceCache,
  SequenceModel,
  SequenceModelSpec,
  StepItem,
  StepOptions,
  StepResult,
} from '@namm/kv-cache';

interface Waiting<Cache> {
  readonly items: readonly StepItem<Cache>[];
  readonly options: StepOptions;
  readonly resolve: (results: StepResult[]) => void;
  readonly reject: (problem: unknown) => void;
}

/**
 * A model for several sequences that are written side by side by code that knows of one: what is asked for in the same turn
 * of the event loop becomes one step, which reads the weights once. Each sequence gets the numbers that it gets alone, as
 * far as the model's steps promise that. When a step fails, all that wait for it do. Signal and progress
 * of a step are those of whoever asked first.
 *
 * @example
 * ```ts
 * const together = new StepTogether(decoder);
 * await Promise.all(caches.map((cache) => write(together, cache)));
 * ```
 */
export class StepTogether<Cache extends SequenceCache<Cache>, Policy>
  implements SequenceModel<Cache, Policy>
{
  readonly #model: SequenceModel<Cache, Policy>;
  #waiting: Waiting<Cache>[] = [];
  #isStepping = false;

  constructor(model: SequenceModel<Cache, Policy>) {
    this.#model = model;
  }

  get spec(): SequenceModelSpec {
    return this.#model.spec;
  }

  get probe(): Probe {
    return this.#model.probe;
  }

  get chunkSize(): number {
    return this.#model.chunkSize;
  }

  get cacheShape(): CacheShape {
    return this.#model.cacheShape;
  }

  createCache(options: CreateCacheOptions<Policy> = {}): Cache | Promise<Cache> {
    checkNames('createCache', options, ['policy', 'keepOutsideWindow', 'positions', 'decideAfter']);
    return this.#model.createCache(options);
  }

  restoreCache(path: string, options: RestoreCacheOptions<Policy> = {}): Promise<Cache> {
    checkNames('restoreCache', options, ['policy']);
    return this.#model.restoreCache(path, options);
  }

  step(items: readonly StepItem<Cache>[], options: StepOptions = {}): Promise<StepResult[]> {
    checkNames('step', options, ['onProgress', 'signal']);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, options, resolve, reject });
      if (this.#waiting.length === 1 && !this.#isStepping) setImmediate(() => this.#stepAll());
    });
  }

  release(): Promise<void> {
    return this.#model.release();
  }

  async #stepAll(): Promise<void> {
    this.#isStepping = true;
    const all = this.#waiting;
    this.#waiting = [];
    try {
      const items = all.flatMap((each) => each.items);
      const results = await this.#model.step(items, all[0]!.options);
      let first = 0;
      for (const { items: own, resolve } of all) {
        resolve(results.slice(first, first + own.length));
        first += own.length;
      }
    } catch (problem) {
      for (const { reject } of all) reject(problem);
    }
    this.#isStepping = false;
    if (this.#waiting.length > 0) setImmediate(() => this.#stepAll());
  }
}
