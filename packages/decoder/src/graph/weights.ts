import { dirname, relative } from 'node:path';
import type { GraphBuilder, Value } from '@namm/onnx';
import { blockLayout, dequantisable } from '@namm/tensors';
import { ModelFolderError } from '../errors.js';
import { isAllFinite } from '../is-all-finite.js';
import type { PreparedFile } from '../prepared/prepared-file.js';
import type { RuntimeModel } from '../runtime/runtime.js';
import {
  type FewBitPlan,
  type FewBits,
  isSamePlan,
  planFewBits,
  readFewBits,
} from '../source/few-bits.js';
import { type FloatFormat, floatFormat } from '../source/float-formats.js';
import type { ModelSource } from '../source/model-source.js';
import { readWeightBytes } from '../source/read-weight-bytes.js';
import { readWeightFloats } from '../source/read-weight-floats.js';
import type { StoredTable } from '../source/stored-rows.js';
import { placeOf, type Weight } from '../source/weight.js';
import type { WeightDtype } from '../source/weight-dtype.js';
import type { LinearSpec } from '../spec/decoder-spec.js';
import type { FewBitMatrix } from './few-bit-matrix.js';

/** A matrix that multiplies rows, and how it is stored. */
export type MatrixSpec = Pick<LinearSpec, 'weight' | 'inputs' | 'outputs' | 'layout'>;

/** A graph with the weights of a model. */
export interface ModelGraph extends RuntimeModel {
  /** Names of those in it. */
  readonly used: ReadonlySet<string>;
  /** Whether a matrix in it is in few bits. */
  readonly areFewBits: boolean;
  /** The embedding that is read from a file, if it is; the graph then takes rows alone. */
  readonly embedding?: StoredTable | null;
}

/** A matrix that is held in few bits. */
interface PlannedMatrix {
  readonly weight: Weight;
  readonly plan: FewBitPlan;
}

/** Where a weight lies: a location as the graph knows it, and bytes there. */
interface Place {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

const nowhere: Place = { location: '', offset: 0, length: 0 };

/** How the weights of a model are held. */
export interface WeightHolding {
  /** What matrices are held in. */
  readonly dtype: WeightDtype;
  /** Takes what has to be made of weights before they can be computed with; null leaves it in memory. */
  readonly prepared: PreparedFile | null;
}

/**
 * Provides a model's weights as initializers of a graph. They point directly into the weight files or, for weights that
 * must be converted (quantised, or dequantised to float32), to a file of prepared weights or to memory. Each weight is
 * checked for existence, shape and format when it is requested.
 */
export class Weights {
  /** Folder to which the file locations in the graph are relative. */
  readonly folder: string;
  /** Weights that the runtime has to be given from memory, by their location in the graph. */
  readonly memory = new Map<string, () => Promise<Uint8Array>>();
  readonly #source: ModelSource;
  readonly #graph: GraphBuilder;
  readonly #dtype: WeightDtype;
  readonly #prepared: PreparedFile | null;
  readonly #values = new Map<string, Value>();
  readonly #matrices = new Map<string, FewBitMatrix>();
  readonly #used = new Set<string>();
  #hasStoredTable = false;
  /** ONNX Runtime 1.30 maps all weights from files, or takes all from memory. */
  readonly #areMapped: boolean;

  /**
   * @param source of the weights
   * @param graph that gets them
   * @param holding how to store them; floats unchanged by default
   */
  constructor(
    source: ModelSource,
    graph: GraphBuilder,
    { dtype, prepared }: WeightHolding = { dtype: 'auto', prepared: null },
  ) {
    this.#source = source;
    this.#dtype = dtype;
    this.#prepared = prepared;
    const areFloats = dtype === 'auto' || dtype === 'fp32';
    this.#areMapped =
      prepared !== null ||
      (areFloats && Array.from(source.weights.values()).every((weight) => canBeMapped(weight)));
    this.#graph = graph;
    this.folder = commonFolder(source.weights.values(), prepared?.path);
  }

  /**
   * The float32 value of a weight.
   *
   * @param name as the source calls it
   * @param shape required by the model's spec
   * @throws {ModelFolderError} when it is missing, has another shape or an unsupported format
   */
  get(name: string, shape: readonly number[]): Value {
    let value = this.#values.get(name);
    if (!value) {
      const { weight, format } = this.#find(name, shape);
      const data = this.#place(weight, format);
      const elementType = format?.elementType ?? 'float32';
      const stored = this.#graph.external(name, elementType, weight.shape, data);
      value =
        elementType === 'float32'
          ? stored
          : this.#graph.node('Cast', [stored], { attributes: { to: 1 /* float32 */ } });
      this.#values.set(name, value);
      this.#used.add(name);
    }
    return value;
  }

  /**
   * Matrices in few bits, one below the other: what multiplies the same rows takes one kernel. Null where they are to
   * be computed with in float32, or cannot be joined.
   *
   * @param specs the matrices; their weights are as the source calls them
   * @throws {ModelFolderError} as {@link get}
   */
  fewBits(specs: readonly MatrixSpec[]): FewBitMatrix | null {
    const name = specs.map(({ weight }) => weight).join('+');
    const known = this.#matrices.get(name);
    if (known) return known;
    const planned = specs.map((spec) => this.#planFewBits(spec));
    const [first] = planned;
    if (!first || !planned.every((other) => other && isSamePlan(other.plan, first.plan)))
      return null;
    const { inputs } = specs[0]!;
    const outputs = specs.reduce((sum, spec) => sum + spec.outputs, 0);
    const { bits, groupSize, hasOffsets } = first.plan;
    const groups = inputs / groupSize;
    const places = this.#placeFewBits(specs, planned as PlannedMatrix[], outputs);
    const part = (key: keyof FewBits, type: 'uint8' | 'float32', shape: readonly number[]) =>
      this.#graph.external(`${name}/${key}`, type, shape, places[key]);
    const matrix: FewBitMatrix = {
      ...{ outputs, inputs, bits, groupSize },
      codes: part('codes', 'uint8', [outputs, groups, (groupSize * bits) / 8]),
      scales: part('scales', 'float32', [outputs, groups]),
      offsets: hasOffsets ? part('offsets', 'float32', [outputs, groups]) : null,
    };
    this.#matrices.set(name, matrix);
    for (const { weight } of specs) this.#used.add(weight);
    return matrix;
  }

  /**
   * A table in few bits whose rows are read from the file of prepared weights, so that the graph does not hold it: null
   * where it is float32, or weights are kept in memory.
   *
   * @param spec the table; its weight is as the source calls it
   * @throws {ModelFolderError} as {@link get}
   */
  storedTable(spec: MatrixSpec): StoredTable | null {
    const planned = this.#prepared && this.#planFewBits(spec);
    if (!planned) return null;
    const { codes, scales, offsets } = this.#placeFewBits([spec], [planned], spec.outputs);
    this.#used.add(spec.weight);
    this.#hasStoredTable = true;
    return {
      ...{ path: this.#prepared!.path, inputs: spec.inputs, plan: planned.plan },
      ...{ codes: codes.offset, scales: scales.offset },
      offsets: planned.plan.hasOffsets ? offsets.offset : null,
    };
  }

  /**
   * Ends the graph.
   *
   * @throws {ModelFolderError} for a weight that is not finite beside others in few bits
   */
  async finish(): Promise<ModelGraph> {
    const areFewBits = this.#matrices.size > 0 || this.#hasStoredTable;
    if (areFewBits) {
      if (this.#prepared) this.#prepared.checkFirst(() => this.#checkFloats());
      else await this.#checkFloats();
    }
    const { folder: weightsFolder, memory } = this;
    return { graph: this.#graph.encode(), weightsFolder, memory, used: this.#used, areFewBits };
  }

  /**
   * Products in few bits round what they are given to 8 bits, and make numbers of NaN (ONNX Runtime 1.30), so that
   * nobody would see a float weight that is not finite.
   */
  async #checkFloats(): Promise<void> {
    for (const name of this.#values.keys()) {
      const weight = this.#source.weights.get(name)!;
      if (!isAllFinite(await readWeightFloats(weight))) this.#failNonFinite(weight);
    }
  }

  #failNonFinite(weight: Weight): never {
    const problem = `the weight ${weight.name} is not finite; fetch the model again.`;
    throw new ModelFolderError(placeOf(weight, this.#source.name), problem, {
      details: { tensor: weight.name },
    });
  }

  /** The places of matrices in few bits, one below the other; of offsets only where the plan has some. */
  #placeFewBits(
    specs: readonly MatrixSpec[],
    planned: readonly PlannedMatrix[],
    outputs: number,
  ): Readonly<Record<keyof FewBits, Place>> {
    const { plan } = planned[0]!;
    const { bits, groupSize, hasOffsets } = plan;
    const numbers = outputs * specs[0]!.inputs;
    const what = `${specs.map(({ weight, layout }) => `${weight}:${layout}`)}/${JSON.stringify(plan)}`;
    // Read once for all parts, which the runtime asks for one after the other, and let go with the last.
    let read: Promise<FewBits> | undefined;
    let left = 0;
    const place = (key: keyof FewBits, length: number) => {
      left++;
      return this.#made(`${what}/${key}`, length, async () => {
        read ??= readFewBits(
          planned.map(({ weight }, i) => ({ weight, layout: specs[i]!.layout })),
          plan,
          (weight) => this.#failNonFinite(weight),
        );
        const parts = read;
        if (--left === 0) read = undefined;
        return new Uint8Array((await parts)[key].buffer);
      });
    };
    const perGroup = (4 * numbers) / groupSize;
    return {
      codes: place('codes', (numbers * bits) / 8),
      scales: place('scales', perGroup),
      offsets: hasOffsets ? place('offsets', perGroup) : nowhere,
    };
  }

  #planFewBits(spec: MatrixSpec): PlannedMatrix | null {
    const { weight: name, inputs, outputs, layout } = spec;
    const shape = layout === 'outputs-first' ? [outputs, inputs] : [inputs, outputs];
    const { weight } = this.#find(name, shape);
    const { embedding, head } = this.#source.spec;
    const isTable = name === embedding?.weight || name === head?.linear.weight;
    const plan = planFewBits(weight, this.#dtype, inputs, isTable);
    return plan && { weight, plan };
  }

  /** @param format as which it is stored, or null where it has to become float32 first */
  #place(weight: Weight, format: FloatFormat | null) {
    const { location, name } = weight;
    if (!format) {
      const length = weight.shape.reduce((product, n) => product * n, 4);
      const computed = async () => new Uint8Array((await readWeightFloats(weight)).buffer);
      return this.#made(`${name}/float32`, length, computed);
    }
    const { size } = format;
    if (location.kind === 'file' && this.#areMapped && canBeMapped(weight)) {
      const { path, offset, length } = location;
      return { location: relative(this.folder, path), offset, length };
    }
    const length = location.kind === 'file' ? location.length : location.bytes.length;
    const stored = async () => aligned(await readWeightBytes(weight), size);
    return this.#made(`${name}/stored`, length, stored);
  }

  /** @param key names what is read */
  #made(key: string, length: number, read: () => Promise<Uint8Array>) {
    if (this.#prepared) {
      const offset = this.#prepared.place(key, length, read);
      return { location: relative(this.folder, this.#prepared.path), offset, length };
    }
    const name = `memory/${this.memory.size}`;
    this.memory.set(name, read);
    return { location: name, offset: 0, length };
  }

  #find(name: string, shape: readonly number[]): { weight: Weight; format: FloatFormat | null } {
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
    const format = floatFormat(weight.format);
    const { blockSize, blockBytes } = format
      ? { blockSize: 1, blockBytes: format.size }
      : (blockLayout(weight.format) ??
        fail(
          `is stored as ${weight.format}; only weights of F64, ${dequantisable.join(', ')} can be used.`,
        ));
    const rowLength = shape.at(-1) ?? 1;
    if (rowLength % blockSize !== 0) {
      fail(`has rows of ${rowLength} numbers, no multiple of ${weight.format}'s ${blockSize}.`);
    }
    const { location } = weight;
    const length = location.kind === 'file' ? location.length : location.bytes.length;
    const needed = shape.reduce((product, n) => product * n, blockBytes / blockSize);
    if (length !== needed) fail(`has ${length} bytes where its shape needs ${needed}.`);
    return { weight, format: weight.rowOrder ? null : format };
  }
}

/** Whether a weight needs no place in memory, also because no graph can use it. */
function canBeMapped({ format, location, rowOrder }: Weight): boolean {
  const float = floatFormat(format);
  if (!float) return blockLayout(format) === null;
  // ONNX Runtime maps files as they are, and promises nothing for numbers that are not aligned there.
  return location.kind === 'file' && location.offset % float.size === 0 && !rowOrder;
}

function aligned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % size === 0 ? bytes : bytes.slice();
}

/** The deepest folder that holds all files: ONNX Runtime refuses locations outside of it. */
function commonFolder(weights: Iterable<Weight>, other?: string): string {
  const paths = new Set(other === undefined ? [] : [other]);
  for (const { location } of weights) if (location.kind === 'file') paths.add(location.path);
  let folder: string | null = null;
  for (const path of paths) {
    folder ??= dirname(path);
    while (relative(folder, path).startsWith('..')) folder = dirname(folder);
  }
  return folder ?? '.';
}
