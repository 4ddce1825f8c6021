// What needs no file system: runs in browsers as well as in Node, as `@namm/core/portable`.
export { bfloat16ToFloat32, float32ToBfloat16 } from './bfloat16.js';
export {
  type BootstrapOptions,
  bootstrapInterval,
  bootstrapRatioInterval,
  type Interval,
} from './bootstrap.js';
export {
  FileFormatError,
  InvalidArgumentError,
  NammError,
  type NammErrorOptions,
} from './errors.js';
export { float16ToFloat32, float32ToFloat16, toFloat16, writeFloat16 } from './float16.js';
export { mean } from './mean.js';
export type { Logger, ProgressEvent, ProgressListener } from './progress.js';
export { quantile } from './quantile.js';
export { philox4x32, Random } from './random.js';
export {
  bootstrapPValue,
  type DrawnGroup,
  type DrawnStrata,
  nested,
  percentileInterval,
  type Resampling,
  resampledInterval,
  strata,
} from './resampling.js';
export { checkRetentionRecord } from './retention/check-retention-record.js';
export { heldTokens } from './retention/held-tokens.js';
export type {
  RetentionBytes,
  RetentionPart,
  RetentionRecord,
  RetentionScores,
} from './retention/retention-record.js';
export type { Dtype } from './safetensors/dtype.js';
export {
  type ParsedSafetensors,
  type ParsedTensor,
  parseSafetensors,
} from './safetensors/parse-safetensors.js';
export type { TensorArray, TensorData } from './safetensors/safetensors-pieces.js';
export { serializeSafetensors } from './safetensors/serialize-safetensors.js';
export { suggestName } from './suggest-name.js';
export { hasRelaxedSimd, WasmError, WasmInstance } from './wasm/wasm-instance.js';
