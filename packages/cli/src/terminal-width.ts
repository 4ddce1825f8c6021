/**
 * Columns of the terminal that standard output goes to, or what the variable `COLUMNS` says. Files and pipes have no end:
 * tables go there as wide as they are.
 */
export function terminalWidth(): number {
  const columns = process.stdout.columns ?? Number(process.env.COLUMNS);
  return columns > 0 ? columns : Number.POSITIVE_INFINITY;
}
