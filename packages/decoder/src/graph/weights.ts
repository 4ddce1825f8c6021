import { dirname, relative } from 'node:path';
import type { GraphBuilder, Value } from '@namm/onnx';
import { ModelFolderError } from '../errors.js';
import { type FloatFormat, floatFormat, floatFormats } from '../source/float-formats.js';
import type { ModelSource } from '../source/model-source.js';
import { readWeightBytes } from '../source/read-weight-bytes.js';
import { placeOf, type Weight } from '../source/weight.js';

/**
 * Hands out the weights of a model as initializers of a graph, which point to where the weights are: straight
 * into their files, or to memory. Each is checked for existence, shape and format when it is asked for.
 */
export class Weights {
  /** Folder that the locations of files in the graph are relative to. */
  readonly folder: string;
  /** Weights that the runtime has to be given from memory, by their location in the graph. */
  readonly memory = new Map<string, () => Promise<Uint8Array>>();
  readonly #source: ModelSource;
  readonly #graph: GraphBuilder;
  readonly #values = new Map<string, Value>();

  constructor(source: ModelSource, graph: GraphBuilder) {
    this.#source = source;
    this.#graph = graph;
    this.folder = commonFolder(source.weights.values());
  }

  /**
   * The float32 value of a weight.
   *
   * @param name as the source calls it
   * @param shape that the model's spec calls for
   * @throws {ModelFolderError} when it is missing, has another shape or cannot be computed with
   */
  get(name: string, shape: readonly number[]): Value {
    let value = this.#values.get(name);
    if (!value) {
      const { weight, format } = this.#find(name, shape);
      const data = this.#place(weight, format);
      const stored = this.#graph.external(name, format.elementType, weight.shape, data);
      value =
        format.elementType === 'float32'
          ? stored
          : this.#graph.node('Cast', [stored], { attributes: { to: 1 /* float32 */ } });
      this.#values.set(name, value);
    }
    return value;
  }

  /** Names handed out so far. */
  get used(): ReadonlySet<string> {
    return new Set(this.#values.keys());
  }

  #place(weight: Weight, { size }: FloatFormat) {
    const { location } = weight;
    // ONNX Runtime maps files into memory and computes nonsense when numbers there are not aligned.
    if (location.kind === 'file' && location.offset % size === 0) {
      const { path, offset, length } = location;
      return { location: relative(this.folder, path), offset, length };
    }
    const name = `memory/${this.memory.size}`;
    this.memory.set(name, async () => aligned(await readWeightBytes(weight), size));
    const length = location.kind === 'file' ? location.length : location.bytes.length;
    return { location: name, offset: 0, length };
  }

  #find(name: string, shape: readonly number[]): { weight: Weight; format: FloatFormat } {
    const { weights, name: source } = this.#source;
    const details = { tensor: name };
    const weight = weights.get(name);
    if (!weight) {
      const problem = `the weights lack ${name}, which the configuration calls for; use a complete folder.`;
      throw new ModelFolderError(source, problem, { details });
    }
    const fail = (problem: string): never => {
      const place = placeOf(weight, source);
      throw new ModelFolderError(place, `tensor ${name} ${problem}`, { details });
    };
    const same =
      weight.shape.length === shape.length && weight.shape.every((n, i) => n === shape[i]);
    if (!same) fail(`has shape [${weight.shape}] where the configuration calls for [${shape}].`);
    const known = Object.keys(floatFormats).join(', ');
    const format =
      floatFormat(weight.format) ??
      fail(`is stored as ${weight.format}; only weights of ${known} can be used.`);
    const { location } = weight;
    const length = location.kind === 'file' ? location.length : location.bytes.length;
    const needed = shape.reduce((product, n) => product * n, format.size);
    if (length !== needed) fail(`has ${length} bytes where its shape needs ${needed}.`);
    return { weight, format };
  }
}

function aligned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % size === 0 ? bytes : bytes.slice();
}

/** The deepest folder that holds all files: ONNX Runtime refuses locations outside of it. */
function commonFolder(weights: Iterable<Weight>): string {
  let folder: string | null = null;
  for (const { location } of weights) {
    if (location.kind === 'memory') continue;
    folder ??= dirname(location.path);
    while (relative(folder, location.path).startsWith('..')) folder = dirname(folder);
  }
  return folder ?? '.';
}
