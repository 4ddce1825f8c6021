import { open } from 'node:fs/promises';
import { FileFormatError } from '@namm/core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { RuntimeFailure } from './errors.js';
import type { DecoderGraph } from './graph/build-graph.js';
import type { UnalignedFile } from './graph/weights.js';

/** Numbers and their shape, as ONNX Runtime takes them; the data is read in place, not copied. */
export interface Feed {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** The data section of a weight file, where it starts at an address that suits ONNX Runtime. */
async function readData({ location, file }: UnalignedFile) {
  const handle = await open(file.path);
  try {
    const data = new Uint8Array(file.size - file.dataOffset);
    for (let done = 0; done < data.length; ) {
      const { bytesRead } = await handle.read(
        data,
        done,
        data.length - done,
        file.dataOffset + done,
      );
      if (bytesRead === 0) throw new FileFormatError(file.path, 'became shorter while it was read');
      done += bytesRead;
    }
    return { path: location, data };
  } finally {
    await handle.close();
  }
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

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** @throws {RuntimeFailure} when ONNX Runtime refuses the graph or its weights */
  static async create(graph: DecoderGraph, { threads }: SessionOptions): Promise<OrtSession> {
    try {
      const session = await InferenceSession.create(graph.model, {
        executionProviders: ['cpu'],
        graphOptimizationLevel: 'all',
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        logSeverityLevel: 3, // errors only; warnings would go to the user's terminal
        externalData: await Promise.all(graph.unaligned.map(readData)),
        extra: {
          session: { model_external_initializers_file_folder_path: graph.weightsFolder },
        },
      });
      return new OrtSession(session);
    } catch (cause) {
      throw new RuntimeFailure('ONNX Runtime could not load the model', cause);
    }
  }

  /** @throws {RuntimeFailure} when ONNX Runtime fails */
  async run(feeds: ReadonlyMap<string, Feed>): Promise<ReadonlyMap<string, Float32Array>> {
    const tensors: Record<string, Tensor> = {};
    for (const [name, { data, shape }] of feeds) {
      tensors[name] =
        data instanceof Float32Array
          ? new Tensor('float32', data, shape)
          : new Tensor('int32', data, shape);
    }
    try {
      const outputs = await this.#session.run(tensors);
      const entries = Object.entries(outputs);
      return new Map(entries.map(([name, tensor]) => [name, tensor.data as Float32Array]));
    } catch (cause) {
      throw new RuntimeFailure('ONNX Runtime could not run the model', cause);
    }
  }

  /** Frees the weights. The session cannot be used afterwards. */
  async release(): Promise<void> {
    await this.#session.release();
  }
}
