import { closeSync, openSync, writeSync } from 'node:fs';
import type { GraphBuilder, Value } from '@namm/onnx';
import type { Weight } from './model-weights.js';
import { transpose } from './transpose.js';

/** Start of each tensor in the file: whole cache lines. */
const alignment = 64;

/** Puts the weights of a graph into one file beside it, in the form its operators want. */
export class GenaiWeights {
  readonly #graph: GraphBuilder;
  readonly #weights: ReadonlyMap<string, Weight>;
  readonly #location: string;
  readonly #file: number;
  #end = 0;

  /** @param path of the file; @param location its name as the graph calls it */
  constructor(
    graph: GraphBuilder,
    weights: ReadonlyMap<string, Weight>,
    path: string,
    location: string,
  ) {
    this.#graph = graph;
    this.#weights = weights;
    this.#location = location;
    this.#file = openSync(path, 'w');
  }

  /** A tensor as it is in the Hugging Face folder. */
  asStored(name: string): Value {
    return this.add(name, this.#weight(name));
  }

  /** Linear layers that read the same input side by side, `[inputs, outputs]`, for MatMul. */
  matrix(name: string, parts: readonly string[]): Value {
    const all = parts.map((part) => this.#weight(part));
    const inputs = all[0]!.shape[1]!;
    const outputs = all.reduce((sum, { shape }) => sum + shape[0]!, 0);
    const rows = new Float32Array(outputs * inputs);
    let offset = 0;
    for (const { data } of all) {
      rows.set(data, offset);
      offset += data.length;
    }
    return this.add(name, { shape: [inputs, outputs], data: transpose(rows, outputs, inputs) });
  }

  add(name: string, { shape, data }: Weight): Value {
    const offset = Math.ceil(this.#end / alignment) * alignment;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    writeSync(this.#file, bytes, 0, bytes.length, offset);
    this.#end = offset + bytes.length;
    const where = { location: this.#location, offset, length: bytes.length };
    return this.#graph.external(name, 'float32', shape, where);
  }

  close(): void {
    closeSync(this.#file);
  }

  #weight(name: string): Weight {
    return this.#weights.get(`${name}.weight`)!;
  }
}
