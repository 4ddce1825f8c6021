import type { LayerRows, Observation, StepResult } from '@namm/kv-cache';
import { stretchesOf } from '../graph/build-stretch.js';
import { names } from '../graph/names.js';
import type { Feed, Session } from '../runtime/runtime.js';
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
  readonly #tokens: TokenInputs;
  readonly #states: StateInputs;
  /** Per stretch the convolutions in it. */
  readonly #convolutions: readonly (readonly number[])[];

  /**
   * @param spec the model
   * @param stretches sessions of `buildStretch`
   * @param attentions of the layers
   * @param release frees all sessions
   */
  constructor(
    spec: DecoderSpec,
    stretches: readonly Session[],
    attentions: readonly LayerAttention[],
    release: () => Promise<void>,
  ) {
    this.#spec = spec;
    this.#stretches = stretches;
    this.#attentions = attentions;
    this.#release = release;
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
    this.#tokens.addTokens(tokens, parts);
    const rows = parts.map((): LayerRows[] => []);
    const observations = parts.map((): Observation[] => []);
    const states = parts.map((): Float32Array[] => []);
    const runStretch = async (index: number, feeds: Map<string, Feed>) => {
      const own = this.#convolutions[index]!;
      this.#states.add(feeds, parts, own);
      const outputs = await this.#stretches[index]!.run(feeds);
      for (const [i, kept] of states.entries()) kept.push(...this.#states.read(outputs, i, own));
      return outputs;
    };
    let outputs = await runStretch(0, tokens);
    for (const [layer, attention] of this.#attentions.entries()) {
      const given = await attention.run(parts, outputs.get(names.projected)!);
      for (const i of parts.keys()) {
        rows[i]!.push(given.rows[i]!);
        observations[i]!.push(...given.observations[i]!);
      }
      const isLast = layer === this.#attentions.length - 1;
      const feeds = new Map(isLast ? [] : rotary);
      addRows(feeds, names.attended, given.attended, attention.size);
      addRows(feeds, names.stream, outputs.get(names.streamAfter)!, this.#spec.hiddenSize);
      if (isLast) {
        const data = outputRowsOf(parts);
        feeds.set(names.outputRows, { data, shape: [data.length] });
      }
      outputs = await runStretch(layer + 1, feeds);
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
          all: allOf(ends[i]!, rows[i]!, states[i]!),
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

function allOf(
  { hidden, logits }: StepResult,
  rows: readonly LayerRows[],
  states: readonly Float32Array[],
): Float32Array[] {
  return [hidden, logits, ...rows.flatMap(({ keys, values }) => [keys, values]), ...states];
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
