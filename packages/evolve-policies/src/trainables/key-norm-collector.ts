import { InvalidArgumentError } from '@namm/core';
import { findNormaliserProblem, type Normaliser, type NormaliserScope } from '@namm/features';
import type { CacheView, EvictionPolicy, PolicyState } from '@namm/kv-cache';
import type { Collector } from './collector.js';
import { keyNorms } from './key-norms.js';

/** Mean and variance of the key norms in the full cache at every update. */
export class KeyNormCollector implements Collector {
  readonly policy: EvictionPolicy;
  #shape = { layers: 0, heads: 0 };
  /** Per layer and head: count, sum, sum of squares. */
  #sums: Float64Array[] = [];

  constructor(updateInterval: number) {
    const state: PolicyState = {
      bytes: 0,
      observe() {},
      select: async (view) => {
        if (view.seen % updateInterval === 0) this.#measure(view);
        return view.shape.layers.map(() => null);
      },
      retain() {},
      fork: () => state,
      save() {
        throw new InvalidArgumentError('policy', 'a key-norm collector cannot be saved');
      },
    };
    this.policy = {
      name: 'key-norm-collector',
      settings: { updateInterval },
      probe: { kind: 'none' },
      updateInterval,
      keepsEverything: true,
      start: ({ layers }) => {
        const heads = Math.max(...layers.map(({ keyValueHeads }) => keyValueHeads));
        this.#shape = { layers: layers.length, heads };
        return state;
      },
      restore() {
        throw new InvalidArgumentError('policy', 'a key-norm collector cannot be restored');
      },
    };
  }

  normaliser(scope: NormaliserScope): Normaliser {
    const rows = this.#rows();
    const total = rows.reduce((sum, row) => sum.map((value, i) => value + row[i]!), [0, 0, 0]);
    const used = scope === 'shared' ? [total] : rows;
    const { layers, heads } = this.#shape;
    const normaliser: Normaliser = {
      shape: scope === 'shared' ? [1] : [layers, heads, 1],
      mean: Float32Array.from(used, ([count, sum]) => sum! / count!),
      variance: Float32Array.from(
        used,
        ([count, sum, squares]) => squares! / count! - (sum! / count!) ** 2,
      ),
      count: Float64Array.from(used, ([count]) => count!),
    };
    const problem = findNormaliserProblem(normaliser, 1);
    if (problem === null) return normaliser;
    throw new InvalidArgumentError('statistics', `${problem}; measure on more text`);
  }

  #rows(): number[][] {
    const count = this.#shape.layers * this.#shape.heads;
    return Array.from({ length: count }, (_, row) => [...(this.#sums[row] ?? [0, 0, 0])]);
  }

  #measure(view: CacheView): void {
    for (const [layer, { keyValueHeads }] of view.shape.layers.entries()) {
      for (let head = 0; head < keyValueHeads; head++) {
        const row = layer * this.#shape.heads + head;
        this.#sums[row] ??= new Float64Array(3);
        const sums = this.#sums[row]!;
        for (const norm of keyNorms(view, layer, head)) {
          sums[0]! += 1;
          sums[1]! += norm;
          sums[2]! += norm * norm;
        }
      }
    }
  }
}
