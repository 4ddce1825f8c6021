// What needs no file system: runs in browsers as well as in Node, as `@namm/tensors/portable`.
export type { BlockParts } from './gguf/block-formats.js';
export { blockLayout, dequantisable, dequantise } from './gguf/dequantise.js';
export type { GgufLayout } from './gguf/gguf-types.js';
export {
  type GgufTensorData,
  type GgufTypedValue,
  serializeGguf,
} from './gguf/serialize-gguf.js';
export { blockParts, type SplitBlocks, splitBlocks } from './gguf/split-blocks.js';
export { quantiseGroups } from './quantise-groups.js';
export type { Dtype } from './safetensors/dtype.js';
export {
  type ParsedSafetensors,
  type ParsedTensor,
  parseSafetensors,
} from './safetensors/parse-safetensors.js';
export type { TensorArray, TensorData } from './safetensors/safetensors-pieces.js';
export { readSealed, writeSealed } from './safetensors/sealed-file.js';
export { serializeSafetensors } from './safetensors/serialize-safetensors.js';
export {
  type Snapshot,
  type SnapshotSource,
  underPrefix,
  withPrefix,
} from './safetensors/snapshot.js';
