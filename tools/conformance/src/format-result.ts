import type { ConformanceResult } from './conformance-kind.js';

const short = (value: number | null) =>
  value === null ? '-' : String(Number(value.toPrecision(3)));

/** One line: kind, name, largest error, tolerance, outcome, and why it failed or was skipped. */
export function formatResult({
  kind,
  name,
  error,
  tolerance,
  ok,
  note,
}: ConformanceResult): string {
  const outcome = ok === null ? 'skipped' : ok ? 'pass' : 'FAIL';
  const columns = [
    kind.padEnd(10),
    name.padEnd(44),
    short(error).padEnd(9),
    short(tolerance).padEnd(7),
  ];
  // A message may hold line breaks; a result is one line.
  const why = note && !ok ? `  ${note.replaceAll(/\s+/g, ' ')}` : '';
  return `${columns.join(' ')} ${outcome}${why}`;
}
