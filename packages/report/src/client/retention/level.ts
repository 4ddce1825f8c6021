/** One of the shades 0 … 10 of the style sheet: 0 is nothing at all, 10 everything. */
export function levelOf(part: number, whole: number): number {
  return part === 0 ? 0 : Math.max(1, Math.floor((10 * part) / whole));
}
