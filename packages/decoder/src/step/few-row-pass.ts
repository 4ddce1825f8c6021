import { WasmInstance } from '@namm/core';
import type { Observation } from '@namm/kv-cache';
import { type Functions, module } from '../generated/few-rows.js';
import { names } from '../graph/names.js';
import { probeKind } from '../probes/probe-kinds.js';
import type { ModelSource } from '../source/model-source.js';
import { readWeightFloats } from '../source/read-weight-floats.js';
import type {
  AttentionLayerSpec,
  AttentionSpec,
  DecoderSpec,
  LayerSpec,
  LinearSpec,
  NormSpec,
} from '../spec/decoder-spec.js';
import type { Part, PartOutputs } from './forward-pass.js';
import { readOutputs } from './read-outputs.js';

/** Tokens from which on a graph is as fast. */
const mostTokens = 4;
/** Rows of a head from which on reading them in place, as a graph does, is worth its call. */
const mostRows = 1024;
/** Outputs of a panel; the kernel takes sizes that are multiples of it. */
const panel = 8;
/** Bytes of a number. */
const bytes = 4;
/** What the kernel makes of a product. */
const how = { write: 0, rectify: 1, add: 2 } as const;

/** Where a matrix, its bias and a norm lie, in bytes. */
interface Matrix {
  readonly panels: number;
  readonly bias: number;
  readonly inputs: number;
  readonly outputs: number;
}
interface Norm {
  readonly weight: number;
  readonly bias: number;
  readonly epsilon: number;
}
interface Layer {
  readonly attention: AttentionSpec;
  readonly before: Norm;
  readonly projections: Matrix;
  readonly output: Matrix;
  readonly between: Norm;
  readonly up: Matrix;
  readonly down: Matrix;
}

/**
 * Passes of a few tokens through a model so small that calling a runtime takes longer than the arithmetic: its layers
 * as a WebAssembly kernel. It computes what the graph does, in another order.
 */
export class FewRowPass {
  readonly #spec: DecoderSpec;
  readonly #kernel: WasmInstance<Functions>;
  readonly #layers: readonly Layer[];
  readonly #final: Norm;
  /** Working memory of a pass, in bytes: the residual stream, its norm, projections, attended rows, the inner layer. */
  readonly #work: Readonly<Record<'stream' | 'input' | 'projected' | 'attended' | 'inner', number>>;
  /** From here on: keys, values, attention and outputs of a pass. */
  readonly #end: number;
  /** All memory. */
  #numbers: Float32Array;

  private constructor(
    spec: DecoderSpec,
    kernel: WasmInstance<Functions>,
    layers: Layer[],
    final: Norm,
  ) {
    this.#spec = spec;
    this.#kernel = kernel;
    this.#layers = layers;
    this.#final = final;
    const { hiddenSize } = spec;
    const widest = Math.max(...layers.map(({ up }) => up.outputs));
    const rows = (width: number) => kernel.allocate(bytes * mostTokens * width);
    this.#work = {
      stream: rows(hiddenSize),
      input: rows(hiddenSize),
      projected: rows(3 * hiddenSize),
      attended: rows(hiddenSize),
      inner: rows(widest),
    };
    this.#end = kernel.allocate(0);
    this.#numbers = new Float32Array(0);
  }

  /**
   * Reads the weights of a model.
   *
   * @returns null where its layers are of another kind than the kernel's
   */
  static async open({ spec, weights }: ModelSource): Promise<FewRowPass | null> {
    if (!isOfKind(spec)) return null;
    const kernel = new WasmInstance<Functions>(module);
    const place = (numbers: Float32Array): number => {
      const address = kernel.allocate(bytes * numbers.length);
      kernel.float32(address, numbers.length).set(numbers);
      return address;
    };
    const vector = async (name: string) => place(await readWeightFloats(weights.get(name)!));
    const norm = async ({ weight, bias, epsilon }: NormSpec): Promise<Norm> => ({
      weight: await vector(weight),
      bias: await vector(bias!),
      epsilon,
    });
    const matrix = async (linear: LinearSpec): Promise<Matrix> => ({
      panels: place(inPanels(linear, await readWeightFloats(weights.get(linear.weight)!))),
      bias: await vector(linear.bias!),
      inputs: linear.inputs,
      outputs: linear.outputs,
    });
    const layers: Layer[] = [];
    for (const { norms, attention, feedForward } of spec.layers as readonly PlainLayer[]) {
      layers.push({
        attention,
        before: await norm(norms.beforeAttention),
        projections: await matrix(attention.projections.all),
        output: await matrix(attention.output),
        between: await norm(norms.beforeFeedForward),
        up: await matrix(feedForward.up),
        down: await matrix(feedForward.down),
      });
    }
    return new FewRowPass(spec, kernel, layers, await norm(spec.finalNorm!));
  }

  /** Whether it computes a pass, and not the graph. */
  takes({ cache, chunk: { count } }: Part): boolean {
    if (count > mostTokens) return false;
    const observe = probeKind(cache.policy.probe).observe;
    if (!observe?.takes(cache, count, 1)) return false;
    return this.#layers.every(({ attention: { keyValueHeads } }, layer) => {
      for (let head = 0; head < keyValueHeads; head++) {
        if (cache.length(layer, head) > mostRows) return false;
      }
      return true;
    });
  }

  /** Computes a pass that it takes; the cache is unchanged. */
  run(part: Part): PartOutputs {
    const { chunk, outputRows } = part;
    const { count } = chunk;
    const { hiddenSize } = this.#spec;
    const { stream, input, inner, attended } = this.#work;
    const { functions } = this.#kernel;
    const at = this.#makeRoom(part);
    const numbers = this.#numbers;
    numbers.set(chunk.embeddings, stream / bytes);
    const multiply = (x: number, rows: number, matrix: Matrix, out: number, mode: number) => {
      const { panels, bias, inputs, outputs } = matrix;
      functions.multiply(x, rows, inputs, panels, bias, outputs, out, mode);
    };
    const normalise = (rows: number, { weight, bias, epsilon }: Norm, out: number) =>
      functions.normalise(stream, rows, hiddenSize, weight, bias, epsilon, out);
    const observations: Observation[] = [];
    let rows = count;
    let newRows = at.joined + outputRows.length * hiddenSize;
    for (const [index, layer] of this.#layers.entries()) {
      normalise(rows, layer.before, input);
      multiply(input, rows, layer.projections, this.#work.projected, how.write);
      const observation = this.#attend(part, index, at, newRows);
      if (observation) observations.push(observation);
      newRows += 2 * count * hiddenSize;
      if (index === this.#layers.length - 1) {
        // Nobody reads what the last layer gives for other tokens; wanted ones move to the front.
        rows = outputRows.length;
        for (const [i, row] of outputRows.entries()) {
          for (const place of [stream / bytes, attended / bytes]) {
            const from = place + row * hiddenSize;
            numbers.copyWithin(place + i * hiddenSize, from, from + hiddenSize);
          }
        }
      }
      multiply(attended, rows, layer.output, stream, how.add);
      normalise(rows, layer.between, input);
      multiply(input, rows, layer.up, inner, how.rectify);
      multiply(inner, rows, layer.down, stream, how.add);
    }
    normalise(rows, this.#final, at.joined * bytes);
    const outputs = new Map([[names.joined, numbers.slice(at.joined, newRows)]]);
    return { ...readOutputs(outputs, this.#spec, count, []), observations };
  }

  /** Attention of one layer over what the cache holds and the new rows, which are put at `newRows`, too. */
  #attend(
    { cache, chunk: { count } }: Part,
    layer: number,
    at: Places,
    newRows: number,
  ): Observation | null {
    const { keyValueHeads: heads, headSize, scale } = this.#layers[layer]!.attention;
    const { functions } = this.#kernel;
    const numbers = this.#numbers;
    const width = heads * headSize;
    const { projected, attended } = this.#work;
    const attention: Float32Array[] = [];
    const wanted = cache.policy.probe;
    const { observe } = probeKind(wanted);
    let probabilities = at.attention;
    for (let head = 0; head < heads; head++) {
      const keys = cache.keys(layer, head);
      const past = keys.length;
      numbers.set(keys, at.keys);
      numbers.set(cache.values(layer, head), at.values);
      for (let row = 0; row < count; row++) {
        const from = projected / bytes + (3 * row + 1) * width + head * headSize;
        const to = (head * count + row) * headSize;
        numbers.copyWithin(at.keys + past + row * headSize, from, from + headSize);
        numbers.copyWithin(newRows + to, from, from + headSize);
        const value = from + width;
        numbers.copyWithin(at.values + past + row * headSize, value, value + headSize);
        numbers.copyWithin(newRows + count * width + to, value, value + headSize);
      }
      const slots = past / headSize + count;
      functions.attend(
        ...([projected + head * headSize * bytes, 3 * width * bytes, count] as const),
        ...([at.keys * bytes, at.values * bytes, slots, headSize, scale] as const),
        ...([probabilities * bytes, attended + head * headSize * bytes, width * bytes] as const),
      );
      attention.push(numbers.subarray(probabilities, probabilities + count * slots));
      probabilities += count * slots;
    }
    return observe!.read(attention, { cache, count, layer, group: 1 }, wanted);
  }

  /** Where a pass puts what depends on the size of the cache, in numbers. */
  #makeRoom({ cache, chunk: { count }, outputRows }: Part): Places {
    let most = 0;
    let attention = 0;
    let held = 0;
    for (const [layer, { attention: spec }] of this.#layers.entries()) {
      let slots = 0;
      for (let head = 0; head < spec.keyValueHeads; head++) {
        const rows = cache.length(layer, head) + count;
        slots += rows;
        most = Math.max(most, rows * spec.headSize);
      }
      attention = Math.max(attention, slots * count);
      held += 2 * count * spec.keyValueHeads * spec.headSize;
    }
    const keys = this.#end / bytes;
    const values = keys + most;
    const joined = values + most + attention;
    const end = joined + outputRows.length * this.#spec.hiddenSize + held;
    if (end > this.#numbers.length) {
      this.#kernel.release(this.#end);
      this.#kernel.allocate(bytes * Math.ceil(1.5 * (end - keys)));
      this.#numbers = this.#kernel.float32(0, this.#kernel.byteLength / bytes);
    }
    return { keys, values, attention: values + most, joined };
  }
}

/** Places in memory, in numbers. */
interface Places {
  readonly keys: number;
  readonly values: number;
  /** Of the heads of a layer, each `[new, slots]`. */
  readonly attention: number;
  /** Hidden states, then new keys and values layer by layer. */
  readonly joined: number;
}

/** A layer of the kernel's kind. */
interface PlainLayer extends AttentionLayerSpec {
  readonly norms: {
    readonly beforeAttention: NormSpec;
    readonly afterAttention: null;
    readonly beforeFeedForward: NormSpec;
    readonly afterFeedForward: null;
  };
  readonly attention: AttentionSpec & {
    readonly projections: { readonly kind: 'fused'; readonly all: LinearSpec };
  };
  readonly feedForward: Extract<LayerSpec['feedForward'], { readonly kind: 'plain' }>;
}

/** GPT-2's layers with ReLU over rows, as Decision Transformers have them. */
function isOfKind(spec: DecoderSpec): boolean {
  const { embedding, learnedPositions, head, positionAxes, rotary, finalNorm, hiddenSize } = spec;
  if (embedding || learnedPositions || head || positionAxes || rotary.length > 0) return false;
  return hiddenSize % panel === 0 && isNorm(finalNorm) && spec.layers.every(isPlain);
}

function isPlain({ norms, attention, feedForward }: LayerSpec): boolean {
  if (!attention) return false;
  const { projections, queryHeads, keyValueHeads, headSize, softCap, window, queryKeyNorm } =
    attention;
  if (!isNorm(norms.beforeAttention) || !isNorm(norms.beforeFeedForward)) return false;
  if (norms.afterAttention || norms.afterFeedForward) return false;
  if (softCap !== null || window !== null || queryKeyNorm || attention.sinks) return false;
  if (queryHeads !== keyValueHeads || headSize % panel !== 0) return false;
  if (projections.kind !== 'fused' || feedForward.kind !== 'plain') return false;
  if (feedForward.activation !== 'relu') return false;
  const matrices = [projections.all, attention.output, feedForward.up, feedForward.down];
  return matrices.every(
    ({ bias, inputs, outputs }) => bias !== null && inputs % panel === 0 && outputs % panel === 0,
  );
}

function isNorm(norm: NormSpec | null): boolean {
  return norm?.kind === 'layer' && norm.bias !== null && norm.weightOffset === 0;
}

/** `[outputs / 8, inputs, 8]` */
function inPanels({ inputs, outputs, layout }: LinearSpec, weights: Float32Array): Float32Array {
  const panels = new Float32Array(weights.length);
  const [down, across] = layout === 'inputs-first' ? [outputs, 1] : [1, inputs];
  let to = 0;
  for (let first = 0; first < outputs; first += panel) {
    for (let input = 0; input < inputs; input++) {
      for (let i = 0; i < panel; i++) panels[to++] = weights[input * down + (first + i) * across]!;
    }
  }
  return panels;
}
