/** Whether a name occurs anywhere in a part of the syntax. */
export function mentions(part: unknown, name: string): boolean {
  if (typeof part !== 'object' || part === null) return false;
  const { kind, name: own } = part as { kind?: unknown; name?: unknown };
  if (kind === 'name' && own === name) return true;
  return Object.values(part).some((inner) => mentions(inner, name));
}
