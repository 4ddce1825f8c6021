/**
 * Numbers and their shape; 16-bit integers hold float16 bits. A session reads the data in place if possible.
 */
export interface Feed {
  readonly data: Float32Array | Uint16Array | Int32Array | Int8Array | BigInt64Array;
  readonly shape: readonly number[];
}

/** A model for a runtime: the graph, and where its weights are. */
export interface RuntimeModel {
  /** Bytes of an ONNX model with external weights. */
  readonly graph: Uint8Array;
  /** Folder that the locations of weights in files are relative to. */
  readonly weightsFolder: string;
  /** Weights in memory, by location. */
  readonly memory: ReadonlyMap<string, () => Promise<Uint8Array>>;
}

export interface SessionOptions {
  /** Threads per operator. */
  readonly threads: number;
  /** Whether it alternates with other sessions: it must then keep neither threads busy nor memory after a run. */
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

/** Computes graphs: ONNX Runtime for Node, or another runtime that reads ONNX. */
export interface Runtime {
  /** For messages. */
  readonly name: string;
  /** @throws {RuntimeFailure} when the runtime refuses the graph or its weights */
  load(model: RuntimeModel, options: SessionOptions): Promise<Session>;
}
