import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../errors.js';
import { WasmError, WasmInstance } from './wasm-instance.js';

interface Functions {
  dot(a: number, b: number, count: number): number;
}

// (dot a b count): the sum of products of `count` single-precision numbers, four at a time (SIMD).
const dotModule =
  'AGFzbQEAAAABCAFgA39/fwF9AwIBAAUDAQAABxACA2RvdAAABm1lbW9yeQIAClcBVQIBewF/A0AgAiAESgRAIAMgAP0ABAAgAf0ABAD95gH95AEhAyAAQRBqIQAgAUEQaiEBIARBBGohBAwBCwsgA/0fACAD/R8BkiAD/R8CkiAD/R8Dkgs=';

describe('WasmInstance', () => {
  it('runs SIMD code on what is put into its memory', () => {
    const kernels = new WasmInstance<Functions>(dotModule);
    const a = kernels.allocate(4 * 8);
    const b = kernels.allocate(4 * 8);
    kernels.float32(a, 8).set([1, 2, 3, 4, 5, 6, 7, 8]);
    kernels.float32(b, 8).fill(2);
    expect(kernels.functions.dot(a, b, 8)).toBe(72);
  });

  it('aligns what it allocates, keeps contents while it grows, and gives zeros', () => {
    const kernels = new WasmInstance<Functions>(dotModule);
    const first = kernels.allocate(1);
    kernels.float64(first, 1)[0] = 5;
    const second = kernels.allocate(3 * 0x1_0000);
    expect([first % 16, second % 16, second > first]).toEqual([0, 0, true]);
    expect(kernels.float64(first, 1)[0]).toBe(5);
    expect(kernels.float32(second, (3 * 0x1_0000) / 4).every((value) => value === 0)).toBe(true);
    expect(kernels.byteLength).toBeGreaterThanOrEqual(second + 3 * 0x1_0000);
  });

  it('uses released memory again, and gives two instances memories of their own', () => {
    const kernels = new WasmInstance<Functions>(dotModule);
    const other = new WasmInstance<Functions>(dotModule);
    const first = kernels.allocate(100);
    kernels.allocate(100);
    kernels.float32(first, 1)[0] = 1;
    other.allocate(100);
    expect(other.float32(first, 1)[0]).toBe(0);
    const { byteLength } = kernels;
    kernels.release(first);
    expect(kernels.allocate(200)).toBe(first);
    expect(kernels.byteLength).toBe(byteLength);
  });

  it('takes the relaxed module where it compiles, and else the other', () => {
    const add = 'AGFzbQEAAAABBwFgAn9/AX8DAgEABQMBAAAHEAIDYWRkAAAGbWVtb3J5AgAKCQEHACAAIAFqCw==';
    const taken = new WasmInstance<{ add(a: number, b: number): number }>(dotModule, add);
    expect(taken.functions.add(2, 3)).toBe(5);
    const withoutIt = new WasmInstance<Functions>(dotModule, 'AGFzbQ==');
    expect(withoutIt.functions.dot(0, 0, 0)).toBe(0);
    expect(() => new WasmInstance('AGFzbQ==', 'AGFzbQ==')).toThrow(WasmError);
  });

  it('refuses what is no module, no size, no address or too much', () => {
    expect(() => new WasmInstance('AGFzbQ==')).toThrow(WasmError);
    expect(() => new WasmInstance('no base64!')).toThrow(WasmError);
    const kernels = new WasmInstance<Functions>(dotModule);
    for (const size of [-1, 0.5, Number.NaN]) {
      expect(() => kernels.allocate(size)).toThrow(InvalidArgumentError);
    }
    expect(() => kernels.allocate(2 ** 33)).toThrow(/limit is 4294967296/);
    expect(() => kernels.release(16)).toThrow(InvalidArgumentError);
    expect(kernels.allocate(16)).toBe(0);
  });
});
