import { create, toBinary } from '@bufbuild/protobuf';
import { InvalidArgumentError } from '@namm/core';
import {
  TensorProto_DataLocation as DataLocation,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { type Attribute, attributeProto, type NodeAttribute } from './attribute.js';
import { type ElementType, elementTypeCodes } from './element-type.js';

/** A tensor inside a graph: an input, an initializer or the output of a node. */
export class Value {
  constructor(
    readonly graph: GraphBuilder,
    readonly name: string,
  ) {}
}

/** A size, or the name of a size that is known only at run time. */
export type Dimension = number | string;

/** Where the bytes of an initializer stand in a file beside the model. */
export interface ExternalData {
  /** File name, relative to the folder of external data given to the session. */
  readonly location: string;
  /** First byte in the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

export interface NodeOptions {
  /** Operator domain; the standard ONNX operators when absent. */
  readonly domain?: 'com.microsoft';
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** An input of a node; null stands for an optional input that is left out. */
export type NodeInput = Value | null;

const contribDomain = 'com.microsoft';
const irVersion = 10n;

/**
 * Builds an ONNX graph node by node and encodes it. Names are made unique and carry the scope they
 * were made in, so that errors and profiles of ONNX Runtime can be read.
 *
 * @example
 * ```ts
 * const graph = new GraphBuilder('double');
 * const x = graph.input('x', 'float32', ['n']);
 * graph.output('y', graph.node('Add', [x, x]), 'float32', ['n']);
 * const bytes = graph.encode(); // give these to InferenceSession.create
 * ```
 */
export class GraphBuilder {
  readonly #graph: GraphProto;
  readonly #opset: number;
  readonly #names = new Set<string>();
  readonly #constants = new Map<string, Value>();
  #scope = '';
  /** Where nodes go: the graph, or the branch being built. */
  #target: GraphProto;
  #usesContrib = false;

  /**
   * @param name shown by tools
   * @param opset version of the standard operators
   */
  constructor(name: string, opset = 21) {
    this.#graph = create(GraphProtoSchema, { name });
    this.#target = this.#graph;
    this.#opset = opset;
  }

  /** Runs `build` with a name put before the names of everything it makes. */
  scope<T>(name: string, build: () => T): T {
    const outer = this.#scope;
    this.#scope = `${outer}${name}/`;
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /** Declares a graph input. Its name is taken as given. */
  input(name: string, type: ElementType, dimensions: readonly Dimension[]): Value {
    this.#mustBeOutside(name);
    this.#graph.input.push(valueInfo(name, type, dimensions));
    return this.#declare(name);
  }

  /** Names a value as a graph output; the name is taken as given. */
  output(name: string, value: Value, type: ElementType, dimensions: readonly Dimension[]): void {
    this.#own(value);
    this.#mustBeOutside(name);
    const named = this.#declare(name);
    this.#push('Identity', [value.name], [named.name], {});
    this.#graph.output.push(valueInfo(name, type, dimensions));
  }

  /** An initializer whose bytes stay in a file beside the model. */
  external(name: string, type: ElementType, shape: readonly number[], data: ExternalData): Value {
    const entries = { location: data.location, offset: data.offset, length: data.length };
    const value = this.#declare(name);
    this.#graph.initializer.push(
      create(TensorProtoSchema, {
        name,
        dataType: elementTypeCodes[type],
        dims: shape.map(BigInt),
        dataLocation: DataLocation.EXTERNAL,
        externalData: Object.entries(entries).map(([key, entry]) =>
          create(StringStringEntryProtoSchema, { key, value: String(entry) }),
        ),
      }),
    );
    return value;
  }

  /** A float32 constant inside the model; equal constants are stored once. */
  float32(values: readonly number[], shape: readonly number[] = []): Value {
    return this.#constant('float32', new Float32Array(values), shape);
  }

  /** An int64 constant inside the model: a list, or a scalar when given one number. */
  int64(values: readonly number[] | number): Value {
    const list = typeof values === 'number' ? [values] : values;
    const shape = typeof values === 'number' ? [] : [list.length];
    return this.#constant('int64', BigInt64Array.from(list, BigInt), shape);
  }

  /** An int32 scalar inside the model. */
  int32(value: number): Value {
    return this.#constant('int32', Int32Array.of(value), []);
  }

  /** Adds a node with one output and returns that. */
  node(operator: string, inputs: readonly NodeInput[], options: NodeOptions = {}): Value {
    return this.nodes(operator, inputs, 1, options)[0]!;
  }

  /** Adds a node with several outputs. */
  nodes(
    operator: string,
    inputs: readonly NodeInput[],
    outputCount: number,
    options: NodeOptions = {},
  ): Value[] {
    for (const input of inputs) if (input) this.#own(input);
    const outputs = Array.from({ length: outputCount }, () =>
      this.#declare(this.#unique(operator)),
    );
    this.#push(
      operator,
      inputs.map((input) => input?.name ?? ''),
      outputs.map((output) => output.name),
      options,
    );
    return outputs;
  }

  /**
   * A value that is computed in one of two ways, of which only the one chosen runs (operator `If`). Both
   * may use what was made before. A branch cannot declare inputs or outputs of the graph.
   *
   * @param condition a bool with one element
   */
  choose(condition: Value, whenTrue: () => Value, whenFalse: () => Value): Value {
    this.#own(condition);
    const branch = (name: string, build: () => Value) => {
      const outer = this.#target;
      this.#target = create(GraphProtoSchema, { name: this.#unique(name) });
      try {
        const value = this.scope(name, build);
        this.#own(value);
        // A branch's output has to be made in the branch.
        const result = this.node('Identity', [value]);
        this.#target.output.push(create(ValueInfoProtoSchema, { name: result.name }));
        return this.#target;
      } finally {
        this.#target = outer;
      }
    };
    const attributes = {
      then_branch: branch('then', whenTrue),
      else_branch: branch('else', whenFalse),
    };
    const chosen = this.#declare(this.#unique('If'));
    this.#push('If', [condition.name], [chosen.name], { attributes });
    return chosen;
  }

  /** The finished model as the bytes of an .onnx file. */
  encode(): Uint8Array {
    const domains = new Map([['', this.#opset]]);
    if (this.#usesContrib) {
      domains.set(contribDomain, 1);
    }
    const model = create(ModelProtoSchema, {
      irVersion,
      producerName: 'namm',
      graph: this.#graph,
      opsetImport: Array.from(domains, ([domain, version]) =>
        create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
      ),
    });
    return toBinary(ModelProtoSchema, model);
  }

  #push(
    operator: string,
    input: string[],
    output: string[],
    options: {
      readonly domain?: string;
      readonly attributes?: Readonly<Record<string, NodeAttribute>>;
    },
  ): void {
    const attributes = Object.entries(options.attributes ?? {});
    if (options.domain === contribDomain) this.#usesContrib = true;
    this.#target.node.push(
      create(NodeProtoSchema, {
        name: output[0]!,
        opType: operator,
        domain: options.domain ?? '',
        input,
        output,
        attribute: attributes.map(([name, value]) => attributeProto(name, value)),
      }),
    );
  }

  #constant(
    type: ElementType,
    data: Float32Array | BigInt64Array | Int32Array,
    shape: readonly number[],
  ): Value {
    const key = `${type}[${shape}]${data}`;
    const known = this.#constants.get(key);
    if (known) return known;
    const name = `constant/${this.#constants.size}`;
    const tensor: TensorProto = create(TensorProtoSchema, {
      name,
      dataType: elementTypeCodes[type],
      dims: shape.map(BigInt),
      rawData: new Uint8Array(data.buffer.slice(0) as ArrayBuffer),
    });
    this.#graph.initializer.push(tensor);
    const value = this.#declare(name);
    this.#constants.set(key, value);
    return value;
  }

  #declare(name: string): Value {
    if (name === '' || this.#names.has(name)) {
      throw new InvalidArgumentError('name', `'${name}' is empty or stands in the graph already`);
    }
    this.#names.add(name);
    return new Value(this, name);
  }

  #unique(operator: string): string {
    const stem = this.#scope + operator;
    let name = stem;
    for (let count = 1; this.#names.has(name); count++) name = `${stem}.${count}`;
    return name;
  }

  #mustBeOutside(name: string): void {
    if (this.#target === this.#graph) return;
    throw new InvalidArgumentError('name', `'${name}' cannot be declared in a branch`);
  }

  #own(value: Value): void {
    if (value.graph === this) return;
    throw new InvalidArgumentError('value', `'${value.name}' belongs to another graph`);
  }
}

function valueInfo(
  name: string,
  type: ElementType,
  dimensions: readonly Dimension[],
): ValueInfoProto {
  const dim = dimensions.map((dimension) => ({
    value:
      typeof dimension === 'number'
        ? { case: 'dimValue' as const, value: BigInt(dimension) }
        : { case: 'dimParam' as const, value: dimension },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: { case: 'tensorType', value: { elemType: elementTypeCodes[type], shape: { dim } } },
    },
  });
}
