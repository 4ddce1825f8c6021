import { closeSync, openSync, writeSync } from 'node:fs';
import type { GraphBuilder, Value } from '@namm/onnx';
import { quantiseGroups } from '@namm/tensors';
import type { Weight } from './model-weights.js';
import { transpose } from './transpose.js';

/** Start of each tensor in the file: whole cache lines. */
const alignment = 64;

/** Numbers of a row that share a scale, as in ours. */
const groupSize = 32;

/** Puts the weights of a graph into one file beside it, in the form its operators want. */
export class GenaiWeights {
  readonly #graph: GraphBuilder;
  readonly #weights: ReadonlyMap<string, Weight>;
  readonly #location: string;
  readonly #file: number;
  readonly #isRounded: boolean;
  #end = 0;

  /**
   * @param path of the file
   * @param location its name as the graph calls it
   * @param isRounded whether matrices are rounded to 4 bits, the head to 8, to the numbers that ours rounds them to
   */
  constructor(
    graph: GraphBuilder,
    weights: ReadonlyMap<string, Weight>,
    path: string,
    location: string,
    isRounded = false,
  ) {
    this.#graph = graph;
    this.#weights = weights;
    this.#location = location;
    this.#isRounded = isRounded;
    this.#file = openSync(path, 'w');
  }

  /** A tensor as it is in the Hugging Face folder. */
  asStored(name: string): Value {
    return this.add(name, this.#weight(name));
  }

  /** Linear layers that read the same input, side by side. */
  product(x: Value, name: string, parts: readonly string[], isHead: boolean): Value {
    const all = parts.map((part) => this.#weight(part));
    const inputs = all[0]!.shape[1]!;
    const outputs = all.reduce((sum, { shape }) => sum + shape[0]!, 0);
    const rows = new Float32Array(outputs * inputs);
    let offset = 0;
    for (const { data } of all) {
      rows.set(data, offset);
      offset += data.length;
    }
    if (!this.#isRounded) {
      const data = transpose(rows, outputs, inputs);
      return this.#graph.node('MatMul', [x, this.add(name, { shape: [inputs, outputs], data })]);
    }
    const bits = isHead ? 8 : 4;
    const groups = inputs / groupSize;
    const each = new Uint8Array(rows.length);
    const scales = new Float32Array(outputs * groups);
    quantiseGroups(rows, bits, groupSize, { codes: each, scales });
    const two = (_: number, i: number) => each[2 * i]! | (each[2 * i + 1]! << 4);
    const codes = bits === 8 ? each : new Uint8Array(rows.length / 2).map(two);
    const shape = [outputs, groups, (groupSize * bits) / 8];
    const inputsOf = [
      x,
      this.#put(`${name}.codes`, 'uint8', shape, codes),
      this.#put(`${name}.scales`, 'float32', [outputs, groups], scales),
    ];
    return this.#graph.node('MatMulNBits', inputsOf, {
      domain: 'com.microsoft',
      attributes: { K: inputs, N: outputs, bits, block_size: groupSize, accuracy_level: 4 },
    });
  }

  add(name: string, { shape, data }: Weight): Value {
    return this.#put(name, 'float32', shape, data);
  }

  #put(
    name: string,
    type: 'float32' | 'uint8',
    shape: readonly number[],
    data: Float32Array | Uint8Array,
  ): Value {
    const offset = Math.ceil(this.#end / alignment) * alignment;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    writeSync(this.#file, bytes, 0, bytes.length, offset);
    this.#end = offset + bytes.length;
    const where = { location: this.#location, offset, length: bytes.length };
    return this.#graph.external(name, type, shape, where);
  }

  close(): void {
    closeSync(this.#file);
  }

  #weight(name: string): Weight {
    return this.#weights.get(`${name}.weight`)!;
  }
}
