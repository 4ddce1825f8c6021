import { InvalidArgumentError, NammError, type NammErrorOptions } from '../errors.js';

/** WebAssembly cannot be used as asked: not supported by this engine, or out of memory. */
export class WasmError extends NammError {
  constructor(problem: string, options: NammErrorOptions = {}) {
    super('WASM', problem, options);
  }
}

/** The part of the WebAssembly interface used here; it is the same in Node and in browsers. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

interface Memory {
  readonly buffer: ArrayBuffer;
  /** Makes the memory larger, and detaches the buffers handed out before. */
  grow(pages: number): number;
}

const pageBytes = 0x1_0000;
/** Vectors of 128 bits load fastest from multiples of their size. */
const alignment = 16;
const mostBytes = 2 ** 32;

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function exportsOf(module: string): Readonly<Record<string, unknown>> {
  return new WebAssembly.Instance(new WebAssembly.Module(fromBase64(module))).exports;
}

// (func (param v128 v128 v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
const relaxedProbe = 'AGFzbQEAAAABCAFgA3t7ewF7AwIBAAoNAQsAIAAgASAC/YUCCw==';

/** Whether this engine compiles modules with relaxed SIMD, which {@link WasmInstance} then prefers. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(fromBase64(relaxedProbe));
}

/** What the first of two modules exports that this engine can compile. */
function exportsOfFirst(preferred: string | undefined, module: string) {
  if (preferred !== undefined) {
    try {
      return exportsOf(preferred);
    } catch {
      // not on this engine
    }
  }
  return exportsOf(module);
}

/**
 * A WebAssembly module that is inlined in a program as base64, with a memory of its own. It is
 * compiled where it is made, without waiting: kernels are a few kilobytes.
 *
 * `scripts/build-wasm.mjs` makes such modules, with the types of their functions, from a package's
 * `assembly/*.ts`.
 *
 * @typeParam Functions what the module exports; addresses count bytes in its memory
 *
 * @example
 * ```ts
 * import { type Functions, module } from './generated/dot.js';
 *
 * const kernels = new WasmInstance<Functions>(module);
 * const a = kernels.allocate(4 * 8);
 * const b = kernels.allocate(4 * 8);
 * kernels.float32(a, 8).fill(2);
 * kernels.float32(b, 8).fill(3);
 * kernels.functions.dot(a, b, 8); // 48
 * ```
 */
export class WasmInstance<Functions extends object> {
  readonly functions: Functions;
  readonly #memory: Memory;
  #end: number;

  /**
   * @param module base64 of a module that imports nothing and exports a memory named `memory`
   * @param relaxedModule the same for engines with relaxed SIMD (Node 22, Chrome 114, Node 20 after
   *   `enableRelaxedSimd`), taken where it compiles. It may round differently.
   * @throws {WasmError} when this engine cannot run it
   */
  constructor(module: string, relaxedModule?: string) {
    try {
      const exports = exportsOfFirst(relaxedModule, module);
      this.functions = exports as Functions;
      this.#memory = exports.memory as Memory;
    } catch (cause) {
      const needs = 'WebAssembly with SIMD is needed (Node 16, Chrome 91, Firefox 89, Safari 16.4)';
      throw new WasmError(`the kernels cannot be compiled here; ${needs}`, { cause });
    }
    this.#end = this.#memory.buffer.byteLength; // what is there is the module's own
  }

  /** Bytes of the memory, the module's own included. It never shrinks. */
  get byteLength(): number {
    return this.#memory.buffer.byteLength;
  }

  /**
   * Sets bytes aside, which are zero unless they were released before. Views made earlier are void
   * after it.
   *
   * @returns their address, a multiple of 16
   * @throws {WasmError} when there is no room for them
   */
  allocate(byteLength: number): number {
    if (!Number.isSafeInteger(byteLength) || byteLength < 0) {
      throw new InvalidArgumentError('byteLength', `${byteLength} is not a count of bytes`);
    }
    const address = this.#end;
    const end = Math.ceil((address + byteLength) / alignment) * alignment;
    const missing = end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#grow(missing, end);
    this.#end = end;
    return address;
  }

  /** Gives back what was allocated at an address, and all that was allocated after it. */
  release(address: number): void {
    if (!(Number.isSafeInteger(address) && address >= 0 && address <= this.#end)) {
      throw new InvalidArgumentError('address', `${address} was not allocated`);
    }
    this.#end = address;
  }

  /** A view of `length` numbers at an address; void after the next {@link allocate}. */
  float32(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length);
  }

  /** As {@link float32}, in double precision. */
  float64(address: number, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, address, length);
  }

  /** As {@link float32}, for numbers of 16 bits; the address is a multiple of 2. */
  uint16(address: number, length: number): Uint16Array {
    return new Uint16Array(this.#memory.buffer, address, length);
  }

  #grow(bytes: number, total: number): void {
    const problem = `no memory for ${total} bytes of kernel data`;
    if (total > mostBytes) throw new WasmError(`${problem}; the limit is ${mostBytes}`);
    try {
      this.#memory.grow(Math.ceil(bytes / pageBytes));
    } catch (cause) {
      throw new WasmError(`${problem} on this machine`, { cause });
    }
  }
}
