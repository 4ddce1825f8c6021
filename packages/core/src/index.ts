export * from './portable.js';
export { heldTokens } from './retention/held-tokens.js';
export { readRetentionRecord } from './retention/read-retention-record.js';
export type {
  RetentionBytes,
  RetentionRecord,
  RetentionScores,
} from './retention/retention-record.js';
export { writeRetentionRecord } from './retention/write-retention-record.js';
export { withFile } from './safetensors/open-file.js';
export { openSafetensors } from './safetensors/open-safetensors.js';
export { readExactly } from './safetensors/read-exactly.js';
export { SafetensorsFile } from './safetensors/safetensors-file.js';
export type { TensorEntry } from './safetensors/tensor-entry.js';
export { writeSafetensors } from './safetensors/write-safetensors.js';
export { writeFileAtomic } from './write-file-atomic.js';
