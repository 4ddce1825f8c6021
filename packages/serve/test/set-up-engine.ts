import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type FreshBundle,
  freshBundle,
  inFolder,
  type RandomModel,
  randomModel,
} from '@namm/testing';
import { afterAll, beforeAll } from 'vitest';
import { Engine, type EngineOptions, type Writer } from '../src/index.js';

/** Milliseconds for what is made before the tests, on a busy machine too. */
const patience = 300_000;

const packages = join(import.meta.dirname, '../..');

/** A small model, of random weights unless another is given, and engines over it whose workers are made of the sources. */
export interface EngineSetup {
  readonly folder: string;
  readonly decoder: { readonly workerFile: string; readonly threads: 1 };
  readonly policyModule: string;
  load(options: Partial<EngineOptions>): Promise<Engine>;
  /** Runs something in a folder; the engines that it loads end before the folder goes, since they save when they end. */
  inFolder(use: (folder: string) => Promise<void>): Promise<void>;
}

/** @param make writes the model */
export function setUpEngines(
  make: () => Promise<RandomModel> = () => randomModel({ max_position_embeddings: 4096 }, 5),
): EngineSetup {
  let model: RandomModel;
  let bundle: FreshBundle;
  const engines: Engine[] = [];
  beforeAll(async () => {
    model = await make();
    bundle = await freshBundle({
      worker: join(packages, 'decoder/src/worker.ts'),
      policies: join(packages, 'kv-cache/src/index.ts'),
    });
  }, patience);
  afterAll(async () => {
    for (const engine of engines) await engine.close(0);
    await bundle.remove();
    await model.remove();
  }, patience);
  const setup: EngineSetup = {
    get folder() {
      return model.folder;
    },
    get decoder() {
      return { workerFile: bundle.file('worker'), threads: 1, chunkSize: 32 } as const;
    },
    get policyModule() {
      return pathToFileURL(bundle.file('policies')).href;
    },
    async load(options) {
      const { decoder, policyModule } = setup;
      const all = { memoryLimit: 1e9, folder: null, decoder, policyModule, ...options };
      const engine = await Engine.load(model.folder, all);
      engines.push(engine);
      return engine;
    },
    inFolder: (use) =>
      inFolder(async (folder) => {
        const before = engines.length;
        try {
          await use(folder);
        } finally {
          for (const engine of engines.splice(before)) await engine.close(0);
        }
      }),
  };
  return setup;
}

/** Always takes the likeliest token. */
export class GreedyWriter implements Writer {
  readonly ids: number[] = [];
  /** By how much the likeliest token led, at least. */
  margin = Infinity;
  readonly #count: number;
  readonly #onToken: (ids: readonly number[]) => void;

  constructor(count: number, onToken: (ids: readonly number[]) => void = () => {}) {
    this.#count = count;
    this.#onToken = onToken;
  }

  next(logits: Float32Array): number | null {
    const [first, second] = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!);
    this.margin = Math.min(this.margin, logits[first!]! - logits[second!]!);
    this.ids.push(first!);
    this.#onToken(this.ids);
    return this.ids.length < this.#count ? first! : null;
  }
}

/** Ids of the small model. */
export function someIds(count: number, seed: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => (i * i * (seed + 3) + i * 7 + seed * 5) % 23);
}
