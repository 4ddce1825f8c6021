const closed = 1;
const oneCall = 2;

/**
 * Keeps a worker thread from being stopped inside ONNX Runtime: the binding cannot hand its result to a
 * thread that is being stopped, and aborts the whole process. Both sides share one number: bit 0 says
 * that the gate is closed, the others count the calls that are inside.
 */
export class NativeGate {
  readonly buffer: SharedArrayBuffer;
  readonly #state: Int32Array;

  /** @param buffer that of the other side's gate */
  constructor(buffer = new SharedArrayBuffer(4)) {
    this.buffer = buffer;
    this.#state = new Int32Array(buffer);
  }

  /**
   * In the worker: makes a call. When the gate is closed, the thread ends before the call or after it.
   *
   * The binding computes in a `setImmediate` of its own, which runs right after the one that is set here.
   * So only what really is native is inside, and not a policy that never ends.
   */
  async pass<T>(call: () => Promise<T>): Promise<T> {
    let inside = false;
    const entry = setImmediate(() => {
      if (Atomics.add(this.#state, 0, oneCall) & closed) this.#leave();
      inside = true;
    });
    try {
      return await call();
    } finally {
      clearImmediate(entry); // in case the call was refused before it was made
      if (inside) this.#leave();
    }
  }

  /**
   * In the caller: lets no further call in.
   *
   * @returns whether none is inside, so that the thread can be stopped; otherwise it ends by itself
   */
  close(): boolean {
    return Atomics.or(this.#state, 0, closed) < oneCall;
  }

  /** In the caller: closes, and blocks until no call is inside. */
  closeAndWait(): void {
    this.close();
    for (let state = this.#load(); state >= oneCall; state = this.#load()) {
      Atomics.wait(this.#state, 0, state);
    }
  }

  #leave(): void {
    const isClosed = Atomics.sub(this.#state, 0, oneCall) & closed;
    Atomics.notify(this.#state, 0);
    if (isClosed) process.exit(); // ends this thread
  }

  #load(): number {
    return Atomics.load(this.#state, 0);
  }
}

let gateOfThread: NativeGate | null = null;

/** From now on the calls of this thread into ONNX Runtime go through the gate. */
export function guardNativeCalls(gate: NativeGate): void {
  gateOfThread = gate;
}

/** Every call that makes ONNX Runtime compute or load is made by this. */
export function nativeCall<T>(call: () => Promise<T>): Promise<T> {
  return gateOfThread ? gateOfThread.pass(call) : call();
}
