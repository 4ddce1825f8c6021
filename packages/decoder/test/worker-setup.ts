import { setImmediate as turn } from 'node:timers/promises';
import { type RandomModel, randomModel } from '@namm/testing';
import { afterAll, beforeAll } from 'vitest';
import { DecoderWorker, type DecoderWorkerOptions, type WorkerPolicy } from '../src/index.js';
import { type FreshWorker, freshWorker } from './fresh-worker.js';
import { quiet } from './helpers.js';

/** What the tests of a file share: a model, a worker's script of the sources, and the workers they load. */
export interface WorkerSetup {
  readonly folder: string;
  /** Loads the model in a worker that is released after the tests. */
  load(options?: DecoderWorkerOptions): Promise<DecoderWorker>;
  /** A policy of `@namm/kv-cache`, of the sources. */
  policy(name: string, options: unknown): WorkerPolicy;
}

export function setUpWorkers(config: Readonly<Record<string, unknown>> = {}): WorkerSetup {
  let model: RandomModel;
  let fresh: FreshWorker;
  const workers: DecoderWorker[] = [];
  beforeAll(async () => {
    model = await randomModel(config);
    fresh = await freshWorker();
  });
  afterAll(async () => {
    for (const worker of workers) await worker.release();
    await fresh.remove();
    await model.remove();
  });
  return {
    get folder() {
      return model.folder;
    },
    load: async (options = {}) => {
      const { workerFile } = fresh;
      const worker = await DecoderWorker.load(model.folder, { ...quiet, workerFile, ...options });
      workers.push(worker);
      return worker;
    },
    policy: (name, options) => ({ module: fresh.policies.href, export: name, options }),
  };
}

/** A policy of `worker-policies.js`. */
export function testPolicy(name: string, options: unknown = {}): WorkerPolicy {
  return { module: new URL('worker-policies.js', import.meta.url).href, export: name, options };
}

/** A worker that computes, as far as its caller can tell, until it is let go. */
export class Blocker {
  readonly #gate = new Int32Array(new SharedArrayBuffer(4));
  readonly policy: WorkerPolicy;

  /** @param at blocks once a cache has seen so many tokens */
  constructor(at: number) {
    this.policy = testPolicy('blocks', { gate: this.#gate.buffer, at });
  }

  /** @returns turns of the event loop until the worker was blocked */
  async reached(): Promise<number> {
    let turns = 0;
    for (; Atomics.load(this.#gate, 0) !== 1; turns++) await turn();
    return turns;
  }

  letGo(): void {
    Atomics.store(this.#gate, 0, 2);
    Atomics.notify(this.#gate, 0);
  }
}

/** Token ids of the small model. */
export function tokens(count: number, seed = 0): number[] {
  return Array.from({ length: count }, (_, i) => (i * 7 + i * i + seed) % 23);
}
