export { type PublicRunOptions, runPublicBenchmarks } from './run-public-benchmarks.js';
