export { JsonLines, type JsonLinesOptions } from './json-lines.js';
export * from './portable.js';
export { enableRelaxedSimd } from './wasm/enable-relaxed-simd.js';
export { writeFileAtomic } from './write-file-atomic.js';
