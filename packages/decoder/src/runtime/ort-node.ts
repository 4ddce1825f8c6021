import { isMainThread } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { RuntimeFailure } from '../errors.js';
import { nativeCall } from './native-gate.js';
import type { Feed, Runtime, RuntimeModel, Session, SessionOptions } from './runtime.js';

// Version 1.30.0 collects telemetry and leaves a log of it in the temporary folder for each process, unless its user has said
// otherwise. It asks when the first session is made, in the environment of the process: threads that we start share it.
process.env.ORT_DISABLE_TELEMETRY ??= '1';

/**
 * ONNX Runtime on this machine's CPU; the only file that depends on onnxruntime-node. In version 1.30.0 inputs are read
 * without a copy, outputs come back as fresh arrays, and `run` blocks the event loop while it computes.
 */
export const ortNode: Runtime = { name: 'onnxruntime-node', load };

async function load(
  model: RuntimeModel,
  { threads, isOneOfMany = false }: SessionOptions,
): Promise<Session> {
  const externalData: { path: string; data: Uint8Array }[] = [];
  for (const [path, read] of model.memory) externalData.push({ path, data: await read() });
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // A plan of memory for each set of input shapes: a cache that grows would leave one per token.
    enableMemPattern: false,
    enableCpuMemArena: !isOneOfMany,
    logSeverityLevel: 3, // errors only; warnings would go to the user's terminal
    externalData,
    extra: {
      session: {
        model_external_initializers_file_folder_path: model.weightsFolder,
        // Threads that spin while they wait would take the cores from the thread that is to stay free.
        ...(isMainThread ? {} : { intra_op: { allow_spinning: '0' } }),
        ...(isOneOfMany ? { force_spinning_stop: '1' } : {}),
      },
    },
  };
  try {
    const session = await nativeCall(() => InferenceSession.create(model.graph, options));
    return new OrtNodeSession(session);
  } catch (cause) {
    throw new RuntimeFailure('ONNX Runtime could not load the model', cause);
  }
}

class OrtNodeSession implements Session {
  readonly #session: InferenceSession;
  #released = false;

  constructor(session: InferenceSession) {
    this.#session = session;
  }

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
      const why = this.#released ? ', which was released; load it again' : '';
      throw new RuntimeFailure(`ONNX Runtime could not run the model${why}`, cause);
    }
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#session.release();
  }
}

function toTensor(data: Feed['data'], shape: readonly number[]): Tensor {
  if (data instanceof Float32Array) return new Tensor('float32', data, shape);
  if (data instanceof Uint16Array) {
    const tensor = new Tensor('uint16', data, shape);
    // As float16 it would be made a Float16Array on Node 24, of which version 1.30.0 of the binding reads no bytes.
    return Object.defineProperty(tensor, 'type', { value: 'float16' });
  }
  if (data instanceof Int8Array) return new Tensor('int8', data, shape);
  if (data instanceof Int32Array) return new Tensor('int32', data, shape);
  return new Tensor('int64', data, shape);
}
