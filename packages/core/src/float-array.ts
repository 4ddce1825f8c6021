/** Numbers in single or double precision. */
export type FloatArray = Float32Array | Float64Array;
