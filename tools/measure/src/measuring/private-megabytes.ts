import { readFileSync } from 'node:fs';

/** Resident memory that belongs to this process alone, not to files that it maps, MB; null where only Linux tells. */
export function privateMegabytes(): number | null {
  try {
    const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1024;
  } catch {
    return null;
  }
}
