export { runPublicBenchmarks } from './run-public-benchmarks.js';
