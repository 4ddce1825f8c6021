import { dirname, relative } from 'node:path';
import type { ElementType, GraphBuilder, Value } from '@namm/onnx';
import type { Dtype, SafetensorsFile } from '@namm/tensors';
import { ModelFolderError } from '../errors.js';
import type { ModelFolder, StoredTensor } from '../source/model-folder.js';

/** Storage types that can be computed with; ONNX Runtime converts them to float32 once, when it loads. */
const elementTypes: Partial<Record<Dtype, ElementType>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  F64: 'float64',
};

/** A weight file that ONNX Runtime cannot read from disk, to be given to it as its data section. */
export interface UnalignedFile {
  /** What the graph calls it. */
  readonly location: string;
  readonly file: SafetensorsFile;
}

/**
 * Hands out the weights of a model folder as graph initializers that point straight into its
 * `.safetensors` files. Each is checked for existence, shape and type when it is asked for.
 */
export class Weights {
  /** Folder that the locations in the graph are relative to. */
  readonly folder: string;
  readonly #model: ModelFolder;
  readonly #graph: GraphBuilder;
  readonly #values = new Map<string, Value>();

  constructor(model: ModelFolder, graph: GraphBuilder) {
    this.#model = model;
    this.#graph = graph;
    this.folder = commonFolder(model.tensors);
  }

  /**
   * The float32 value of a tensor.
   *
   * @throws {ModelFolderError} when it is missing, has another shape or cannot be computed with
   */
  get(name: string, shape: readonly number[]): Value {
    let value = this.#values.get(name);
    if (!value) {
      const { file, entry } = this.#find(name, shape);
      const type = elementTypes[entry.dtype]!;
      const stored = this.#graph.external(name, type, entry.shape, {
        location: this.#locationOf(file),
        offset: isAligned(file) ? entry.offset : entry.offset - file.dataOffset,
        length: entry.byteLength,
      });
      value =
        type === 'float32'
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

  /** Files whose data section starts at an address that numbers must not have. */
  get unaligned(): readonly UnalignedFile[] {
    const files = new Set([...this.#model.tensors.values()].map(({ file }) => file));
    return [...files]
      .filter((file) => !isAligned(file))
      .map((file) => ({ location: this.#locationOf(file), file }));
  }

  #locationOf(file: SafetensorsFile): string {
    return relative(this.folder, file.path);
  }

  #find(name: string, shape: readonly number[]): StoredTensor {
    const stored = this.#model.tensors.get(name);
    if (!stored) {
      throw new ModelFolderError(
        this.#model.path,
        `the weights lack ${name}, which config.json calls for; use a complete folder.`,
        { details: { tensor: name } },
      );
    }
    const { file, entry } = stored;
    const fail = (problem: string): never => {
      throw new ModelFolderError(file.path, `tensor ${name} ${problem}`, {
        details: { tensor: name },
      });
    };
    if (entry.shape.length !== shape.length || entry.shape.some((size, i) => size !== shape[i])) {
      fail(`has shape [${entry.shape}] where config.json calls for [${shape}].`);
    }
    if (!elementTypes[entry.dtype]) {
      fail(`is stored as ${entry.dtype}; only F32, F16, BF16 and F64 weights can be used.`);
    }
    return stored;
  }
}

/** ONNX Runtime maps files into memory and computes nonsense when numbers there are not aligned. */
function isAligned(file: SafetensorsFile): boolean {
  return file.dataOffset % 8 === 0;
}

/** The deepest folder that holds all files: ONNX Runtime refuses locations outside of it. */
function commonFolder(tensors: ReadonlyMap<string, StoredTensor>): string {
  let folder: string | null = null;
  for (const { file } of tensors.values()) {
    folder ??= dirname(file.path);
    while (relative(folder, file.path).startsWith('..')) folder = dirname(folder);
  }
  return folder ?? '.';
}
