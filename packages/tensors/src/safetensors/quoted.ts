/** A name from an untrusted file, fit for a message: quoted, escaped, of bounded length. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);
}
