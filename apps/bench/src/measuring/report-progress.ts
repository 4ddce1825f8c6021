/** Shows on a terminal what is going on; an empty text clears the line. */
export function reportProgress(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${what}`);
}
