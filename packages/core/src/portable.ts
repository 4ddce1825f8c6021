// What needs no file system: runs in browsers as well as in Node, as `@namm/core/portable`.

export { bfloat16ToFloat32, float32ToBfloat16 } from './bfloat16.js';
export { checksum } from './checksum.js';
export { counted } from './counted.js';
export { describeIssue } from './describe-issue.js';
export { describeNoText } from './describe-no-text.js';
export {
  FileFormatError,
  InvalidArgumentError,
  NammError,
  type NammErrorOptions,
} from './errors.js';
export type { FloatArray } from './float-array.js';
export { float16ToFloat32, float32ToFloat16, toFloat16, writeFloat16 } from './float16.js';
export { noneOf } from './none-of.js';
export { type NumberListDemand, numberList } from './number-list.js';
export {
  checkChoice,
  checkInteger,
  checkNames,
  checkNumber,
  checkShare,
  checkSignal,
} from './option-checks.js';
export type { Logger, ProgressEvent, ProgressListener } from './progress.js';
export { philox4x32, Random } from './random.js';
export { checkRetentionRecord } from './retention/check-retention-record.js';
export { findRetentionProblem } from './retention/find-retention-problem.js';
export { heldTokens } from './retention/held-tokens.js';
export type {
  RetentionBytes,
  RetentionPart,
  RetentionRecord,
  RetentionScores,
} from './retention/retention-record.js';
export { parseSealedJson, sealedJson } from './sealed-json.js';
export { shown } from './shown.js';
export { suggestName } from './suggest-name.js';
export { hasRelaxedSimd, WasmError, WasmInstance } from './wasm/wasm-instance.js';
