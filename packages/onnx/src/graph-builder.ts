import { create, toBinary } from '@bufbuild/protobuf';
import { checkNames, InvalidArgumentError } from '@namm/core';
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
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { attributeProto, type NodeAttribute } from './attribute.js';
import { type ElementType, elementTypeCodes } from './element-type.js';
import {
  type Dimension,
  type ExternalData,
  type NodeInput,
  type NodeOptions,
  Value,
} from './value.js';
import { valueInfo } from './value-info.js';

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

  /**
   * Puts a name before the names of everything that is made inside.
   *
   * @param name such as `layer.0`
   * @param build makes nodes
   * @returns what `build` returns
   */
  scope<T>(name: string, build: () => T): T {
    const outer = this.#scope;
    this.#scope = `${outer}${name}/`;
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /**
   * Declares an input of the graph.
   *
   * @param name taken as given
   * @param type of its numbers
   * @param dimensions of its shape; a name stands for a size that is known only at run time
   * @throws {InvalidArgumentError} when the name stands in the graph already, or inside a branch
   */
  input(name: string, type: ElementType, dimensions: readonly Dimension[]): Value {
    this.#mustBeOutside(name);
    this.#graph.input.push(valueInfo(name, type, dimensions));
    return this.#declare(name);
  }

  /**
   * Makes a value an output of the graph.
   *
   * @param name taken as given
   * @param value of this graph
   * @param type of its numbers
   * @param dimensions of its shape
   * @throws {InvalidArgumentError} as {@link input}, and for a value of another graph
   */
  output(name: string, value: Value, type: ElementType, dimensions: readonly Dimension[]): void {
    this.#own(value);
    this.#mustBeOutside(name);
    const named = this.#declare(name);
    this.#push('Identity', [value.name], [named.name], {});
    this.#graph.output.push(valueInfo(name, type, dimensions));
  }

  /**
   * An initializer whose bytes stay in a file beside the model.
   *
   * @param name taken as given
   * @param type of the stored numbers
   * @param shape of the tensor
   * @param data where its bytes are
   * @throws {InvalidArgumentError} when the name stands in the graph already
   */
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

  /**
   * A float32 constant inside the model; equal constants are stored once.
   *
   * @param values row by row
   * @param shape a scalar when absent or empty
   */
  float32(values: readonly number[], shape: readonly number[] = []): Value {
    return this.#constant('float32', new Float32Array(values), shape);
  }

  /**
   * An int64 constant inside the model; equal constants are stored once.
   *
   * @param values a list, or one number for a scalar
   */
  int64(values: readonly number[] | number): Value {
    const list = typeof values === 'number' ? [values] : values;
    const shape = typeof values === 'number' ? [] : [list.length];
    return this.#constant('int64', BigInt64Array.from(list, BigInt), shape);
  }

  /** An int32 scalar inside the model. */
  int32(value: number): Value {
    return this.#constant('int32', Int32Array.of(value), []);
  }

  /**
   * Adds a node with one output.
   *
   * @param operator such as `Add`; whether there is one shows when a runtime loads the model
   * @param inputs values of this graph; null leaves an optional input out
   * @param options domain and attributes of the operator
   * @returns the output
   * @throws {InvalidArgumentError} for a value of another graph
   */
  node(operator: string, inputs: readonly NodeInput[], options: NodeOptions = {}): Value {
    return this.nodes(operator, inputs, 1, options)[0]!;
  }

  /**
   * Adds a node with several outputs.
   *
   * @param operator as for {@link node}
   * @param inputs as for {@link node}
   * @param outputCount how many outputs it has
   * @param options as for {@link node}
   * @returns the outputs, in order
   * @throws {InvalidArgumentError} for a value of another graph
   */
  nodes(
    operator: string,
    inputs: readonly NodeInput[],
    outputCount: number,
    options: NodeOptions = {},
  ): Value[] {
    checkNames(`the node ${operator}`, options, ['domain', 'attributes']);
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
   * @param whenTrue makes the value of one branch
   * @param whenFalse makes that of the other
   * @returns the value of the branch that runs
   * @throws {InvalidArgumentError} for values of another graph
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

  /** @returns the finished model as the bytes of an .onnx file */
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
