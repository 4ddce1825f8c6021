export * from './portable.js';
export { withFile } from './safetensors/open-file.js';
export { openSafetensors } from './safetensors/open-safetensors.js';
export { readExactly } from './safetensors/read-exactly.js';
export { SafetensorsFile } from './safetensors/safetensors-file.js';
export type { TensorEntry } from './safetensors/tensor-entry.js';
export { writeSafetensors } from './safetensors/write-safetensors.js';
export { readTorchFile } from './torch/read-torch-file.js';
export { type TorchArray, type TorchDtype, TorchTensor } from './torch/torch-tensor.js';
