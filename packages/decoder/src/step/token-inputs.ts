import { names } from '../graph/names.js';
import { type RotaryRows, rotaryRows } from '../rotary/rotary-rows.js';
import type { Feed } from '../runtime/runtime.js';
import type { StoredRows } from '../source/stored-rows.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';
import type { Part } from './forward-pass.js';
import { joinNumbers } from './join-numbers.js';

/** Puts together what a pass is fed of its tokens, those of all its parts side by side. */
export class TokenInputs {
  readonly #spec: DecoderSpec;
  #rotary: { readonly key: string; readonly rows: readonly RotaryRows[] } = { key: '', rows: [] };

  /** @param spec the model */
  constructor(spec: DecoderSpec) {
    this.#spec = spec;
  }

  /**
   * Ids, rows in place of embeddings, and learned positions. Parts of rows come after parts of ids.
   *
   * @param feeds gets them
   * @param parts the sequences
   * @param table of the embedding, where the graph takes the rows of ids
   */
  addTokens(
    feeds: Map<string, Feed>,
    parts: readonly Part[],
    table: StoredRows | null = null,
  ): void {
    const { hiddenSize, embedding, learnedPositions } = this.#spec;
    const ids = joinNumbers(parts.map(({ chunk }) => chunk.ids));
    const given = joinNumbers(parts.map(({ chunk }) => chunk.embeddings));
    const data = table ? joinNumbers([table.read(ids), given]) : given;
    feeds.set(names.embeddings, { data, shape: [data.length / hiddenSize, hiddenSize] });
    if (embedding && !table) feeds.set(names.ids, { data: ids, shape: [ids.length] });
    if (learnedPositions) {
      const positions = joinNumbers(parts.map((part) => this.#firstAxis(part)));
      feeds.set(names.positions, { data: positions, shape: [positions.length] });
    }
  }

  /** Rows of cos and sin for the tokens of all parts. */
  addRotary(feeds: Map<string, Feed>, parts: readonly Part[]): void {
    const each = parts.map((part) => this.#rotaryOf(part));
    for (const [table, { size }] of this.#spec.rotary.entries()) {
      const cos = joinNumbers(each.map((rows) => rows[table]!.cos));
      const sin = joinNumbers(each.map((rows) => rows[table]!.sin));
      const shape = [cos.length / (size / 2), size / 2];
      feeds.set(names.cos(table), { data: cos, shape });
      feeds.set(names.sin(table), { data: sin, shape });
    }
  }

  /** Per rotary table; sequences that are read side by side ask for the same rows one after the other. */
  #rotaryOf({ cache, chunk, sequenceLength }: Part): readonly RotaryRows[] {
    const { rotary, positionAxes: axes = 1 } = this.#spec;
    const { positions, count } = chunk;
    if (positions)
      return rotary.map((spec) => rotaryRows(spec, positions, { sequenceLength, axes }));
    const key = `${cache.nextPosition} ${count} ${sequenceLength}`;
    if (this.#rotary.key !== key) {
      const order = orderOf(cache.nextPosition, count);
      const rows = rotary.map((spec) => rotaryRows(spec, order, { sequenceLength }));
      this.#rotary = { key, rows };
    }
    return this.#rotary.rows;
  }

  #firstAxis({ cache, chunk: { positions, count } }: Part): Int32Array {
    const { positionAxes: axes = 1 } = this.#spec;
    return positions?.filter((_, i) => i % axes === 0) ?? orderOf(cache.nextPosition, count);
  }
}

/** Consecutive numbers of new tokens. */
export function orderOf(first: number, count: number): Int32Array {
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = first + i;
  return order;
}
