import type { LayerRows, Observation, StepResult } from '@namm/kv-cache';
import { stretchesOf } from '../graph/build-stretch.js';
import { names } from '../graph/names.js';
import { discard, newNumbers } from '../runtime/discard.js';
import type { Feed, Session } from '../runtime/runtime.js';
import type { StoredRows } from '../source/stored-rows.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';
import type { ForwardPass, Part, PartOutputs } from './forward-pass.js';
import { joinNumbers } from './join-numbers.js';
import type { LayerAttention } from './layer-attention.js';
import { StateInputs } from './state-inputs.js';
import { TokenInputs } from './token-inputs.js';

/**
 * Passes that go through a model layer by layer: what is done with each token by itself is done with those of all
 * sequences at once, their attention one by one.
 */
export class LayerPass implements ForwardPass {
  readonly takesMany = true;
  readonly #spec: DecoderSpec;
  /** One more than there are attentions. */
  readonly #stretches: readonly Session[];
  /** In the order of their layers. */
  readonly #attentions: readonly LayerAttention[];
  readonly #release: () => Promise<void>;
  readonly #piece: number;
  readonly #embedding: StoredRows | null;
  readonly #tokens: TokenInputs;
  readonly #states: StateInputs;
  /** Per stretch the convolutions in it. */
  readonly #convolutions: readonly (readonly number[])[];

  /**
   * @param spec the model
   * @param stretches sessions of `buildStretch`
   * @param attentions of the layers
   * @param release frees all sessions
   * @param options tokens that go through a stretch at once, and the embedding where its rows are read from a file
   */
  constructor(
    spec: DecoderSpec,
    stretches: readonly Session[],
    attentions: readonly LayerAttention[],
    release: () => Promise<void>,
    { piece, embedding }: { readonly piece: number; readonly embedding: StoredRows | null },
  ) {
    this.#spec = spec;
    this.#stretches = stretches;
    this.#attentions = attentions;
    this.#release = release;
    this.#piece = piece;
    this.#embedding = embedding;
    this.#tokens = new TokenInputs(spec);
    this.#states = new StateInputs(spec);
    this.#convolutions = stretchesOf(spec).map(({ between }) => between.map(({ index }) => index));
  }

  async run(given: readonly Part[]): Promise<PartOutputs[]> {
    // The graph reads ids first, then rows in their place.
    const parts = [...given].sort((a, b) => kindOf(a) - kindOf(b));
    const rotary = new Map<string, Feed>();
    this.#tokens.addRotary(rotary, parts);
    const tokens = new Map(rotary);
    this.#tokens.addTokens(tokens, parts, this.#embedding);
    const count = parts.reduce((sum, { chunk }) => sum + chunk.count, 0);
    const rows = parts.map((): LayerRows[] => []);
    const observations = parts.map((): Observation[] => []);
    const states = parts.map((): Float32Array[] => []);
    const runStretch = async (index: number, feeds: Map<string, Feed>) => {
      const own = this.#convolutions[index]!;
      this.#states.add(feeds, parts, own);
      const isBetween = index > 0 && index < this.#attentions.length;
      const session = this.#stretches[index]!;
      const outputs = await (isBetween && own.length === 0
        ? runInPieces(session, feeds, count, this.#piece)
        : session.run(feeds));
      for (const [i, kept] of states.entries()) kept.push(...this.#states.read(outputs, i, own));
      return outputs;
    };
    // In one piece: pieces layer by layer would lie among what is freed, and leave holes of no use.
    const perToken = this.#attentions.reduce((sum, { rowNumbers }) => sum + rowNumbers, 0);
    const memory = parts.map((part) =>
      newNumbers(areCopied(part) ? perToken * part.chunk.count : 0),
    );
    let used = 0; // numbers per token
    let outputs = await runStretch(0, tokens);
    for (const [layer, attention] of this.#attentions.entries()) {
      const projected = outputs.get(names.projected)!;
      const own = memory.map((numbers, i) => {
        const size = attention.rowNumbers * parts[i]!.chunk.count;
        const first = used * parts[i]!.chunk.count;
        return numbers.subarray(first, first + size);
      });
      used += attention.rowNumbers;
      const given = await attention.run(parts, projected, own);
      if (parts.every(areCopied)) discard(projected);
      for (const i of parts.keys()) {
        rows[i]!.push(given.rows[i]!);
        observations[i]!.push(...given.observations[i]!);
      }
      const isLast = layer === this.#attentions.length - 1;
      const feeds = new Map(isLast ? [] : rotary);
      const stream = outputs.get(names.streamAfter)!;
      addRows(feeds, names.attended, given.attended, attention.size);
      addRows(feeds, names.stream, stream, this.#spec.hiddenSize);
      if (isLast) {
        const data = outputRowsOf(parts);
        feeds.set(names.outputRows, { data, shape: [data.length] });
      }
      outputs = await runStretch(layer + 1, feeds);
      discard(given.attended);
      discard(stream);
    }
    const ends = this.#cutOutputs(parts, outputs);
    const results = new Map(
      parts.map((part, i) => [
        part,
        {
          newRows: rows[i]!,
          states: states[i]!,
          observations: observations[i]!,
          ...ends[i]!,
          all: allOf(ends[i]!, areCopied(part) ? [memory[i]!] : rowsOf(rows[i]!), states[i]!),
          rowMemory: memory[i]!,
        },
      ]),
    );
    return given.map((part) => results.get(part)!);
  }

  async release(): Promise<void> {
    await this.#release();
  }

  /** Each part's share of the last stretch. */
  #cutOutputs(parts: readonly Part[], outputs: ReadonlyMap<string, Float32Array>) {
    const { hiddenSize, vocabularySize } = this.#spec;
    const hidden = outputs.get(names.hidden)!;
    const logits = outputs.get(names.logits) ?? new Float32Array(0);
    let row = 0;
    return parts.map(({ outputRows: { length } }) => {
      const cut = (all: Float32Array, size: number) =>
        parts.length === 1 ? all : all.slice(row * size, (row + length) * size);
      const result = { hidden: cut(hidden, hiddenSize), logits: cut(logits, vocabularySize ?? 0) };
      row += length;
      return result;
    });
  }
}

/** A run on some rows at a time: what a session holds meanwhile is many times what it is fed and gives. */
async function runInPieces(
  session: Session,
  feeds: ReadonlyMap<string, Feed>,
  count: number,
  piece: number,
): Promise<ReadonlyMap<string, Float32Array>> {
  if (count <= piece) return session.run(feeds);
  const all = new Map<string, Float32Array>();
  for (let first = 0; first < count; first += piece) {
    const last = Math.min(first + piece, count);
    const own = new Map<string, Feed>();
    for (const [name, { data, shape }] of feeds) {
      const size = data.length / count;
      const rows = data.subarray(first * size, last * size) as Feed['data'];
      own.set(name, { data: rows, shape: [last - first, ...shape.slice(1)] });
    }
    for (const [name, rows] of await session.run(own)) {
      const size = rows.length / (last - first);
      const joined = all.get(name) ?? newNumbers(count * size);
      joined.set(rows, first * size);
      all.set(name, joined);
      discard(rows);
    }
  }
  return all;
}

function allOf(
  { hidden, logits }: StepResult,
  rows: readonly Float32Array[],
  states: readonly Float32Array[],
): Float32Array[] {
  return [hidden, logits, ...rows, ...states];
}

function rowsOf(rows: readonly LayerRows[]): Float32Array[] {
  return rows.flatMap(({ keys, values }) => [keys, values]);
}

/** Whether new rows are put in memory of their own. */
function areCopied({ chunk }: Part): boolean {
  return chunk.count > 1;
}

/** Parts of ids before parts of rows. */
function kindOf({ chunk }: Part): number {
  return chunk.ids.length > 0 ? 0 : 1;
}

/** Wanted rows, counted over all parts. */
function outputRowsOf(parts: readonly Part[]): Int32Array {
  let before = 0;
  const all = parts.map(({ chunk, outputRows }) => {
    const rows = outputRows.map((row) => before + row);
    before += chunk.count;
    return rows;
  });
  return joinNumbers(all);
}

function addRows(feeds: Map<string, Feed>, name: string, data: Float32Array, size: number): void {
  feeds.set(name, { data, shape: [data.length / size, size] });
}
