import { setFlagsFromString } from 'node:v8';
import { hasRelaxedSimd } from './wasm-instance.js';

const flag = 'experimental-wasm-relaxed-simd';

/**
 * Lets Node 20 run the modules with fused products and sums that Node 22 and newer take by themselves; BAM
 * then scores in about two thirds of the time. V8 of Node 20 has them behind a flag, which is set here for the
 * whole process and all its threads, as `node --experimental-wasm-relaxed-simd` does. Setting it is a
 * program's decision, so no library does; call it before the first scorer is made. Scores may differ in the
 * last bits from those without it.
 *
 * Nothing changes where relaxed SIMD is on already, where the flag is not known, and where node was started
 * with `--no-experimental-wasm-relaxed-simd`.
 *
 * @returns whether this process has relaxed SIMD
 *
 * @example
 * ```ts
 * import { enableRelaxedSimd } from '@namm/core';
 *
 * enableRelaxedSimd(); // true on Node 20 and newer
 * ```
 */
export function enableRelaxedSimd(): boolean {
  const isForbidden = process.execArgv.includes(`--no-${flag}`);
  // Node 21 and newer have it on; V8 prints a complaint about flags that it does not know.
  const isBehindFlag = process.versions.node.startsWith('20.');
  if (!hasRelaxedSimd() && isBehindFlag && !isForbidden) setFlagsFromString(`--${flag}`);
  return hasRelaxedSimd();
}
