import { createRequire } from 'node:module';
import { type ResourceLimits, SHARE_ENV, type Transferable, Worker } from 'node:worker_threads';
import { InvalidArgumentError, type NammErrorOptions, type ProgressListener } from '@namm/core';
import { NativeGate } from '../runtime/native-gate.js';
import { fromPortable } from './portable-error.js';
import type { Call, Message, Method, Methods } from './protocol.js';
import { type WorkerDeathReason, WorkerDiedError } from './worker-errors.js';

export interface ConnectionOptions {
  readonly resourceLimits?: ResourceLimits;
  readonly workerFile?: string | URL;
}

interface CallOptions {
  /** Buffers that the worker takes over. */
  readonly transfer?: readonly Transferable[];
  readonly onProgress?: ProgressListener;
}

interface PendingCall {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: ProgressListener | undefined;
}

/** Gates of the workers that are alive. */
const gates = new Set<NativeGate>();

/** When the process exits: Node then stops the threads that are left, also in a native call. */
function closeGates(): void {
  for (const gate of gates) gate.closeAndWait();
}

/** The caller's end of the line to a worker thread. It keeps the process alive only while calls are pending. */
export class Connection {
  readonly #worker: Worker;
  readonly #gate = new NativeGate();
  readonly #pending = new Map<number, PendingCall>();
  readonly #exited: Promise<void>;
  #lastId = 0;
  #death: { reason: WorkerDeathReason; options: NammErrorOptions } | null = null;

  /** @throws {InvalidArgumentError} when no thread can be started with these options */
  constructor(options: ConnectionOptions) {
    this.#worker = startWorker(options, this.#gate);
    if (gates.size === 0) process.on('exit', closeGates);
    gates.add(this.#gate);
    this.#worker.on('message', (message: Message) => this.#receive(message));
    this.#worker.on('error', (cause) => this.#die(reasonOf(cause), { cause }));
    this.#worker.on('messageerror', (cause) => {
      this.#die('error', { cause });
      this.#stop();
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (exitCode) => {
        gates.delete(this.#gate);
        if (gates.size === 0) process.off('exit', closeGates);
        this.#die('exit', { details: { exitCode } });
        this.#rejectPending();
        resolve();
      });
    });
    this.#worker.unref();
  }

  /**
   * @throws {InvalidArgumentError} when the parameters cannot be sent to a thread
   * @throws {WorkerDiedError} when the worker has ended, or does before it answers
   * @throws whatever the worker answers with
   */
  call<M extends Method>(
    method: M,
    parameters: Methods[M]['parameters'],
    { transfer = [], onProgress }: CallOptions = {},
  ): Promise<Methods[M]['answer']> {
    return new Promise((resolve, reject) => {
      if (this.#death) throw this.#deathError();
      const call: Call<M> = { id: ++this.#lastId, method, parameters };
      try {
        this.#worker.postMessage(call, transfer);
      } catch (cause) {
        const problem =
          'holds something that cannot be sent to a worker thread, such as a function';
        const advice = 'policies are named by data: { module, export, options }';
        throw new InvalidArgumentError(method, `${problem}; ${advice}`, { cause });
      }
      this.#pending.set(call.id, { resolve, reject, onProgress });
      this.#worker.ref();
    });
  }

  /** Ends the worker as soon as ONNX Runtime has returned; pending and later calls are rejected. */
  async end(): Promise<void> {
    this.#die('released', {});
    this.#stop();
    this.#rejectPending();
    await this.#exited;
  }

  #receive(message: Message): void {
    const pending = this.#pending.get(message.id);
    if (!pending) return; // the caller was told that the worker has ended
    if (message.kind === 'progress') {
      pending.onProgress?.(message.event);
      return;
    }
    this.#pending.delete(message.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if (message.kind === 'answer') pending.resolve(message.answer as never);
    else pending.reject(fromPortable(message.error));
  }

  /** The first reason counts; others follow from it. */
  #die(reason: WorkerDeathReason, options: NammErrorOptions): void {
    this.#death ??= { reason, options };
  }

  #stop(): void {
    this.#worker.ref();
    if (this.#gate.close()) void this.#worker.terminate();
  }

  #rejectPending(): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(this.#deathError());
  }

  #deathError(): WorkerDiedError {
    const { reason, options } = this.#death!;
    return new WorkerDiedError(reason, options);
  }
}

function startWorker({ resourceLimits, workerFile }: ConnectionOptions, gate: NativeGate): Worker {
  try {
    // Found by the package's name, so that it is also found when the code around here was bundled.
    const file = workerFile ?? createRequire(import.meta.url).resolve('@namm/decoder/worker');
    const limits = resourceLimits && { resourceLimits };
    // its runtime says in the environment that it sends no telemetry, which the runtime reads in the process's own
    return new Worker(file, { workerData: gate.buffer, env: SHARE_ENV, ...limits });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const problem = `no worker thread can be started: ${said}`;
    throw new InvalidArgumentError('workerFile, resourceLimits', problem, { cause });
  }
}

function reasonOf(error: unknown): WorkerDeathReason {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'error';
}
