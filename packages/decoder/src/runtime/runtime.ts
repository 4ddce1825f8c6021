/**
 * Numbers and their shape: 16-bit ones are float16, by its bits. A session reads the data in place where it can.
 */
export interface Feed {
  readonly data: Float32Array | Uint16Array | Int32Array | Int8Array | BigInt64Array;
  readonly shape: readonly number[];
}

/** A model as a runtime takes it: the graph, and where its weights are. */
export interface RuntimeModel {
  /** Bytes of an ONNX model whose weights lie outside of it, at locations. */
  readonly graph: Uint8Array;
  /** Folder that the locations of weights in files are relative to. */
  readonly weightsFolder: string;
  /** Weights that are given from memory, by location. */
  readonly memory: ReadonlyMap<string, () => Promise<Uint8Array>>;
}

export interface SessionOptions {
  /** Threads that compute one operator. */
  readonly threads: number;
  /** Whether others run in turn with it: it must keep neither threads busy nor memory when it has run. */
  readonly isOneOfMany?: boolean;
}

/** A loaded model. It holds the weights until it is released. */
export interface Session {
  /**
   * One forward pass.
   *
   * @param feeds a value for every input of the graph
   * @returns the outputs by name, in arrays that the caller may keep
   * @throws {RuntimeFailure} when the runtime fails
   */
  run(feeds: ReadonlyMap<string, Feed>): Promise<ReadonlyMap<string, Float32Array>>;
  /** Frees the weights; a second call does nothing. The session cannot be used afterwards. */
  release(): Promise<void>;
}

/** What computes a graph: ONNX Runtime for Node, or another that reads ONNX. */
export interface Runtime {
  /** For messages. */
  readonly name: string;
  /** @throws {RuntimeFailure} when the runtime refuses the graph or its weights */
  load(model: RuntimeModel, options: SessionOptions): Promise<Session>;
}
