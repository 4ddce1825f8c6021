import { checkNames, InvalidArgumentError, type Random } from '@namm/core';
import type { CacheShape, EvictionPolicy, Observation, PolicyState } from '@namm/kv-cache';

/** Options of {@link EchoCollector}. */
export interface EchoCollectorOptions {
  /** Length in tokens of the text that repeats. */
  readonly period: number;
  /**
   * How many of the last queries of each pass count.
   * @defaultValue 64
   */
  readonly queries?: number;
}

/**
 * Measures which heads look things up. In a text that repeats itself, it measures how much attention a query gives to
 * the last occurrence of its own token and to the token that followed it (the "echo" and "induction" heads of Tang et
 * al. 2024, RazorAttention, https://arxiv.org/abs/2407.15891). No labels are needed: {@link echoText} gives random
 * tokens, repeated. Of the query heads that share a KV head, the one that looks back most counts.
 *
 * @example
 * ```ts
 * const collector = new EchoCollector({ period: 63 });
 * const decoder = await Decoder.load(folder, { probe: collector.policy.probe });
 * const ids = echoText(new Random(1), decoder.spec.vocabularySize, 63);
 * await decoder.step([{ cache: decoder.createCache({ policy: collector.policy }), input: { ids } }]);
 * collector.echoes(); // [[0.02, 0.01], [0.71, 0.05], …]: attention per layer and KV head
 * ```
 */
export class EchoCollector {
  readonly policy: EvictionPolicy;
  readonly #period: number;
  /** Attention to the two tokens and queries counted, per layer and query head. */
  #sums: { readonly attention: Float64Array; queries: number }[] = [];
  #shape: CacheShape | null = null;

  /** @throws {InvalidArgumentError} when period or queries are not whole numbers above 0 */
  constructor(options: EchoCollectorOptions) {
    checkNames('EchoCollector', options, ['period', 'queries']);
    const { period, queries = 64 } = options;
    for (const [name, value] of Object.entries({ period, queries })) {
      if (Number.isSafeInteger(value) && value > 0) continue;
      throw new InvalidArgumentError(name, `${value} is not a whole number above 0`);
    }
    this.#period = period;
    const refuse = (what: string) => () => {
      throw new InvalidArgumentError('policy', `an echo collector cannot be ${what}`);
    };
    const state: PolicyState = {
      bytes: 0,
      observe: (layer, observation) => this.#observe(layer, observation),
      select: async ({ shape }) => shape.layers.map(() => null),
      retain() {},
      fork: refuse('forked'),
      save: refuse('saved'),
    };
    this.policy = {
      name: 'echo-collector',
      settings: { period, queries },
      probe: { kind: 'lastQueries', count: queries },
      keepsEverything: true,
      start: (shape) => {
        this.#shape ??= shape;
        return state;
      },
      restore: refuse('restored'),
    };
  }

  /**
   * Mean attention per layer and KV head, between 0 and 1.
   *
   * @throws {InvalidArgumentError} when no repeated token was seen
   */
  echoes(): number[][] {
    if (this.#shape === null || this.#sums.length < this.#shape.layers.length) {
      throw new InvalidArgumentError(
        'collector',
        'has measured nothing; feed caches of its policy',
      );
    }
    return this.#shape.layers.map(({ keyValueHeads, queryHeads }, layer) => {
      const { attention, queries } = this.#sums[layer]!;
      const group = queryHeads / keyValueHeads;
      return Array.from(
        { length: keyValueHeads },
        (_, head) => Math.max(...attention.subarray(head * group, (head + 1) * group)) / queries,
      );
    });
  }

  #observe(layer: number, observation: Observation): void {
    if (observation.kind !== 'lastQueries') {
      const problem = `is of kind '${observation.kind}'`;
      throw new InvalidArgumentError('observation', `${problem}; echoes need 'lastQueries'`);
    }
    const { queryHeads, keyValueHeads } = this.#shape!.layers[layer]!;
    const group = queryHeads / keyValueHeads;
    const { rows, heads } = observation;
    const slots = heads[0]!.length / (group * rows);
    this.#sums[layer] ??= { attention: new Float64Array(queryHeads), queries: 0 };
    const sums = this.#sums[layer]!;
    for (let row = 0; row < rows; row++) {
      const before = slots - rows + row - this.#period; // its last occurrence
      if (before < 0) continue;
      sums.queries += 1;
      for (let query = 0; query < queryHeads; query++) {
        const attention = heads[Math.floor(query / group)]!;
        const at = ((query % group) * rows + row) * slots + before;
        sums.attention[query]! += attention[at]! + attention[at + 1]!;
      }
    }
  }
}

/**
 * Random tokens followed by the same tokens again: `[2 × period]` ids.
 *
 * @param vocabularySize ids are drawn below it
 */
export function echoText(random: Random, vocabularySize: number, period: number): Int32Array {
  const once = Array.from({ length: period }, () => random.integer(vocabularySize));
  return Int32Array.of(...once, ...once);
}
