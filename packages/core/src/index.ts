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
export { float16ToFloat32, float32ToFloat16, toFloat16 } from './float16.js';
export { mean } from './mean.js';
export { findNormaliserProblem, type Normaliser } from './normaliser.js';
export type { Logger, ProgressEvent, ProgressListener } from './progress.js';
export { quantile } from './quantile.js';
export { philox4x32, Random } from './random.js';
export { heldTokens } from './retention/held-tokens.js';
export { readRetentionRecord } from './retention/read-retention-record.js';
export type {
  RetentionBytes,
  RetentionRecord,
  RetentionScores,
} from './retention/retention-record.js';
export { writeRetentionRecord } from './retention/write-retention-record.js';
export type { Dtype } from './safetensors/dtype.js';
export { openSafetensors } from './safetensors/open-safetensors.js';
export { SafetensorsFile } from './safetensors/safetensors-file.js';
export type { TensorEntry } from './safetensors/tensor-entry.js';
export {
  type TensorArray,
  type TensorData,
  writeSafetensors,
} from './safetensors/write-safetensors.js';
export { writeFileAtomic } from './write-file-atomic.js';
