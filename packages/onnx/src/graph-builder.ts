import { create, toBinary } from '@bufbuild/protobuf';
import { checkNames, InvalidArgumentError } from '@namm/core';
import {
  TensorProto_DataLocation as DataLocation,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
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
 * Builds an ONNX graph node by node and encodes it. Names are made unique and include their scope, so that errors and
 * profiles of ONNX Runtime are readable.
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
  /** Constants, and what is made of them alone. */
  readonly #fixed = new Set<string>();
  /** Where nodes go: the graph, or the one inside it that is being built. */
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
   * Prefixes the names of everything made inside.
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
   * @param dimensions of its shape; use a name for a size known only at run time
   * @throws {InvalidArgumentError} when the name is already in the graph, or inside a branch
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
   * An initializer whose bytes stay in a file next to the model.
   *
   * @param name taken as given
   * @param type of the stored numbers
   * @param shape of the tensor
   * @param data where its bytes are
   * @throws {InvalidArgumentError} when the name is already in the graph
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
    this.#fixed.add(name);
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
   * @param operator such as `Add`; not checked until a runtime loads the model
   * @param inputs values of this graph; null omits an optional input
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
   * A value computed by one of two branches, of which only the chosen one runs (operator `If`). Both may use values
   * made before. A branch cannot declare inputs or outputs of the graph.
   *
   * @param condition a bool with one element
   * @param whenTrue makes the value of one branch
   * @param whenFalse makes that of the other
   * @returns the value of the branch that runs
   * @throws {InvalidArgumentError} for values of another graph
   */
  choose(condition: Value, whenTrue: () => Value, whenFalse: () => Value): Value {
    this.#own(condition);
    const branch = (name: string, build: () => Value) => this.#inside(name, () => [build()]);
    const attributes = {
      then_branch: branch('then', whenTrue),
      else_branch: branch('else', whenFalse),
    };
    const chosen = this.#declare(this.#unique('If'));
    this.#push('If', [condition.name], [chosen.name], { attributes });
    return chosen;
  }

  /**
   * Repeats a computation for each part of some values, one after the other (operator `Scan`): for index 0 of their
   * first axis, index 1, and so on. It may use values made before, and cannot declare inputs or outputs of the graph.
   *
   * @param values values with the same number of parts
   * @param build gets one part of each, without that axis
   * @returns the results of `build` for all parts
   * @throws {InvalidArgumentError} for values of another graph
   */
  each(values: readonly Value[], build: (parts: readonly Value[]) => readonly Value[]): Value[] {
    for (const value of values) this.#own(value);
    const body = this.#inside('each', (graph) => {
      const parts = values.map(() => this.#declare(this.#unique('part')));
      for (const { name } of parts) graph.input.push(create(ValueInfoProtoSchema, { name }));
      return build(parts);
    });
    const made = body.output.map(() => this.#declare(this.#unique('Scan')));
    const attributes = { body, num_scan_inputs: values.length };
    const names = (list: readonly Value[]) => list.map(({ name }) => name);
    this.#push('Scan', names(values), names(made), { attributes });
    return made;
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

  /** A graph inside this one, and what it gives. */
  #inside(name: string, build: (graph: GraphProto) => readonly Value[]): GraphProto {
    const outer = this.#target;
    const graph = create(GraphProtoSchema, { name: this.#unique(name) });
    this.#target = graph;
    try {
      for (const value of this.scope(name, () => build(graph))) {
        this.#own(value);
        // What a graph gives has to be made in it.
        const result = this.#declare(this.#unique('Identity'));
        graph.node.push(nodeProto('Identity', [value.name], [result.name]));
        graph.output.push(create(ValueInfoProtoSchema, { name: result.name }));
      }
      return graph;
    } finally {
      this.#target = outer;
    }
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
    if (options.domain === contribDomain) this.#usesContrib = true;
    const isFixed = input.length > 0 && input.every((name) => name === '' || this.#fixed.has(name));
    if (isFixed) for (const name of output) this.#fixed.add(name);
    // What is made of constants alone is made once, outside, where all may use it.
    const target = isFixed ? this.#graph : this.#target;
    target.node.push(nodeProto(operator, input, output, options));
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
    this.#fixed.add(name);
    this.#constants.set(key, value);
    return value;
  }

  #declare(name: string): Value {
    if (name === '' || this.#names.has(name)) {
      throw new InvalidArgumentError('name', `'${name}' is empty or already in the graph`);
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

function nodeProto(
  operator: string,
  input: string[],
  output: string[],
  options: {
    readonly domain?: string;
    readonly attributes?: Readonly<Record<string, NodeAttribute>>;
  } = {},
): NodeProto {
  const attributes = Object.entries(options.attributes ?? {});
  return create(NodeProtoSchema, {
    name: output[0]!,
    opType: operator,
    domain: options.domain ?? '',
    input,
    output,
    attribute: attributes.map(([name, value]) => attributeProto(name, value)),
  });
}
