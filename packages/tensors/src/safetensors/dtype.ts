import { bfloat16ToFloat32, float16ToFloat32 } from '@namm/core/portable';

/** What a dtype of the format is, and how its little-endian bytes become numbers. */
interface DtypeFacts {
  readonly bits: number;
  readonly kind: 'float' | 'integer' | 'other';
  /** Absent where JavaScript has no use for the numbers (8-bit floats and smaller, complex). */
  readonly decode?: (bytes: ArrayBuffer) => ArrayLike<number> | ArrayLike<bigint>;
}

/**
 * Every dtype the reference implementation knows. Typed arrays read in the machine's byte order; the
 * machines that ONNX Runtime has builds for are all little-endian, as the format is.
 */
const dtypeFacts = {
  BOOL: { bits: 8, kind: 'integer', decode: (bytes) => new Uint8Array(bytes) },
  U8: { bits: 8, kind: 'integer', decode: (bytes) => new Uint8Array(bytes) },
  I8: { bits: 8, kind: 'integer', decode: (bytes) => new Int8Array(bytes) },
  U16: { bits: 16, kind: 'integer', decode: (bytes) => new Uint16Array(bytes) },
  I16: { bits: 16, kind: 'integer', decode: (bytes) => new Int16Array(bytes) },
  U32: { bits: 32, kind: 'integer', decode: (bytes) => new Uint32Array(bytes) },
  I32: { bits: 32, kind: 'integer', decode: (bytes) => new Int32Array(bytes) },
  U64: { bits: 64, kind: 'integer', decode: (bytes) => new BigUint64Array(bytes) },
  I64: { bits: 64, kind: 'integer', decode: (bytes) => new BigInt64Array(bytes) },
  F16: { bits: 16, kind: 'float', decode: (bytes) => float16ToFloat32(new Uint16Array(bytes)) },
  BF16: { bits: 16, kind: 'float', decode: (bytes) => bfloat16ToFloat32(new Uint16Array(bytes)) },
  F32: { bits: 32, kind: 'float', decode: (bytes) => new Float32Array(bytes) },
  F64: { bits: 64, kind: 'float', decode: (bytes) => new Float64Array(bytes) },
  F4: { bits: 4, kind: 'other' },
  F6_E2M3: { bits: 6, kind: 'other' },
  F6_E3M2: { bits: 6, kind: 'other' },
  F8_E4M3: { bits: 8, kind: 'other' },
  F8_E5M2: { bits: 8, kind: 'other' },
  F8_E8M0: { bits: 8, kind: 'other' },
  F8_E4M3FNUZ: { bits: 8, kind: 'other' },
  F8_E5M2FNUZ: { bits: 8, kind: 'other' },
  C64: { bits: 64, kind: 'other' },
} as const satisfies Record<string, DtypeFacts>;

/** Element type of a stored tensor, under the format's own names. */
export type Dtype = keyof typeof dtypeFacts;

export function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(dtypeFacts, value);
}

export function factsOf(dtype: Dtype): DtypeFacts {
  return dtypeFacts[dtype];
}
