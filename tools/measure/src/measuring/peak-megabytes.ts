import { readFileSync } from 'node:fs';

/**
 * Largest resident memory of this process so far, MB. On Linux that is VmHWM: the figure of getrusage
 * begins there with what the parent held when it started the process.
 */
export function peakMegabytes(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kilobytes) return Number(kilobytes) / 1024;
  } catch {
    // no Linux
  }
  return process.resourceUsage().maxRSS / 1024;
}
