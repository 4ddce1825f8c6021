import { bfloat16ToFloat32, float16ToFloat32 } from '@namm/core';
import type { ElementType } from '@namm/onnx';

/** How numbers of one floating-point format are stored. */
export interface FloatFormat {
  /** Bytes per number. */
  readonly size: number;
  /** What ONNX calls it. */
  readonly elementType: ElementType;
  /** @param bytes whole numbers, at the start of a buffer of their own */
  readonly decode: (bytes: ArrayBuffer) => Float32Array;
}

/** The formats that can be computed with; ONNX Runtime converts them to float32 once, when it loads. */
export const floatFormats: Readonly<Record<string, FloatFormat>> = {
  F32: { size: 4, elementType: 'float32', decode: (bytes) => new Float32Array(bytes) },
  F16: {
    size: 2,
    elementType: 'float16',
    decode: (bytes) => float16ToFloat32(new Uint16Array(bytes)),
  },
  BF16: {
    size: 2,
    elementType: 'bfloat16',
    decode: (bytes) => bfloat16ToFloat32(new Uint16Array(bytes)),
  },
  F64: {
    size: 8,
    elementType: 'float64',
    decode: (bytes) => Float32Array.from(new Float64Array(bytes)),
  },
};

/** The format of that name, or null for those that are not floats. */
export function floatFormat(name: string): FloatFormat | null {
  return Object.hasOwn(floatFormats, name) ? floatFormats[name]! : null;
}
