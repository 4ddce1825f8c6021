import { writeFileSync } from 'node:fs';
import { peakMegabytes } from './peak-megabytes.js';

/** Resident memory, bytes. */
export interface MemoryFigures {
  /** The largest of the process so far. */
  readonly peakBytes: number;
  /** The largest since the watch began, less what there was then. */
  readonly addedBytes: number;
}

const peakBytes = () => peakMegabytes() * 2 ** 20;

/**
 * Begins to watch the process's resident memory. On Linux the kernel's peak is set back first; elsewhere, or where that
 * is not allowed, an earlier peak stays in both figures.
 */
export function watchMemory(): () => MemoryFigures {
  const before = peakBytes();
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // no Linux
  }
  const start = process.memoryUsage.rss();
  return () => {
    const peak = peakBytes();
    return { peakBytes: Math.max(before, peak), addedBytes: peak - start };
  };
}
