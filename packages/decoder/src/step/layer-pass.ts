import type { LayerRows, Observation, StepResult } from '@namm/kv-cache';
import { names } from '../graph/names.js';
import type { Feed, Session } from '../runtime/runtime.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';
import type { ForwardPass, Part, PartOutputs } from './forward-pass.js';
import { joinNumbers } from './join-numbers.js';
import type { LayerAttention } from './layer-attention.js';
import { TokenInputs } from './token-inputs.js';

/**
 * Passes that go through a model layer by layer: what is done with each token by itself is done with those of all
 * sequences at once, their attention one by one.
 */
export class LayerPass implements ForwardPass {
  readonly takesMany = true;
  readonly #spec: DecoderSpec;
  /** One more than there are layers. */
  readonly #stretches: readonly Session[];
  /** Per layer. */
  readonly #attentions: readonly LayerAttention[];
  readonly #release: () => Promise<void>;
  readonly #tokens: TokenInputs;

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
    let outputs = await this.#stretches[0]!.run(tokens);
    for (const [layer, attention] of this.#attentions.entries()) {
      const { projectedSize, size } = attention;
      const projected = outputs.get(names.projected)!;
      const attended: Float32Array[] = [];
      let first = 0;
      for (const [i, part] of parts.entries()) {
        const end = first + part.chunk.count;
        const own = projected.subarray(first * projectedSize, end * projectedSize);
        first = end;
        const given = await attention.run(part, own);
        attended.push(given.attended);
        rows[i]!.push(given.rows);
        observations[i]!.push(...given.observations);
      }
      const isLast = layer === this.#attentions.length - 1;
      const feeds = new Map(isLast ? [] : rotary);
      addRows(feeds, names.attended, joinNumbers(attended), size);
      addRows(feeds, names.stream, outputs.get(names.streamAfter)!, this.#spec.hiddenSize);
      if (isLast) {
        const data = outputRowsOf(parts);
        feeds.set(names.outputRows, { data, shape: [data.length] });
      }
      outputs = await this.#stretches[layer + 1]!.run(feeds);
    }
    const ends = this.#cutOutputs(parts, outputs);
    const results = new Map(
      parts.map((part, i) => [
        part,
        {
          newRows: rows[i]!,
          observations: observations[i]!,
          ...ends[i]!,
          all: allOf(ends[i]!, rows[i]!),
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

function allOf({ hidden, logits }: StepResult, rows: readonly LayerRows[]): Float32Array[] {
  return [hidden, logits, ...rows.flatMap(({ keys, values }) => [keys, values])];
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
