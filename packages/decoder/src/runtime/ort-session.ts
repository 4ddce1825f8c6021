import { isMainThread } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { RuntimeFailure } from '../errors.js';
import type { DecoderGraph } from '../graph/build-graph.js';
import { nativeCall } from './native-gate.js';

/** Numbers and their shape, as ONNX Runtime takes them; the data is read in place, not copied. */
export interface Feed {
  readonly data: Float32Array | Int32Array | BigInt64Array;
  readonly shape: readonly number[];
}

export interface SessionOptions {
  /** Threads that compute one operator; never more than there are cores. */
  readonly threads: number;
}

/**
 * The only place that knows onnxruntime-node. In version 1.30.0 inputs are read without a copy, outputs
 * come back as fresh arrays, and `run` blocks the event loop while it computes.
 */
export class OrtSession {
  readonly #session: InferenceSession;
  #released = false;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** @throws {RuntimeFailure} when ONNX Runtime refuses the graph or its weights */
  static async create(graph: DecoderGraph, { threads }: SessionOptions): Promise<OrtSession> {
    const externalData: { path: string; data: Uint8Array }[] = [];
    for (const { location, file } of graph.unaligned) {
      externalData.push({ path: location, data: await file.readData() });
    }
    try {
      const options: InferenceSession.SessionOptions = {
        executionProviders: ['cpu'],
        graphOptimizationLevel: 'all',
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        // A plan of memory for each set of input shapes: a cache that grows would leave one per token.
        enableMemPattern: false,
        logSeverityLevel: 3, // errors only; warnings would go to the user's terminal
        externalData,
        extra: {
          session: {
            model_external_initializers_file_folder_path: graph.weightsFolder,
            // Threads that spin while they wait would take the cores from the thread that is to stay free.
            ...(isMainThread ? {} : { intra_op: { allow_spinning: '0' } }),
          },
        },
      };
      const session = await nativeCall(() => InferenceSession.create(graph.model, options));
      return new OrtSession(session);
    } catch (cause) {
      throw new RuntimeFailure('ONNX Runtime could not load the model', cause);
    }
  }

  /** @throws {RuntimeFailure} when ONNX Runtime fails */
  async run(feeds: ReadonlyMap<string, Feed>): Promise<ReadonlyMap<string, Float32Array>> {
    const tensors: Record<string, Tensor> = {};
    for (const [name, { data, shape }] of feeds) {
      tensors[name] = toTensor(data, shape);
    }
    try {
      const outputs = await nativeCall(() => this.#session.run(tensors));
      const entries = Object.entries(outputs);
      return new Map(entries.map(([name, tensor]) => [name, tensor.data as Float32Array]));
    } catch (cause) {
      throw new RuntimeFailure('ONNX Runtime could not run the model', cause);
    }
  }

  /** Frees the weights; a second call does nothing. The session cannot be used afterwards. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#session.release();
  }
}

function toTensor(data: Feed['data'], shape: readonly number[]): Tensor {
  if (data instanceof Float32Array) return new Tensor('float32', data, shape);
  if (data instanceof Int32Array) return new Tensor('int32', data, shape);
  return new Tensor('int64', data, shape);
}
