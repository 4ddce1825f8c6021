import { InvalidArgumentError } from '@namm/core';

/** @throws {InvalidArgumentError} naming the option that a call does not have, and those that it has */
export function requireKnownOptions(
  call: string,
  given: object,
  known: readonly string[],
  listed = known.join(', '),
): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || known.includes(name)) continue;
    throw new InvalidArgumentError(name, `is no option of ${call}; there are ${listed}`);
  }
}

/** @throws {InvalidArgumentError} when there is one that nothing could be stopped with */
export function requireSignal(signal: unknown): void {
  if (signal === undefined || signal === null || signal instanceof AbortSignal) return;
  const problem = 'is no AbortSignal; pass the `signal` of an AbortController';
  throw new InvalidArgumentError('signal', problem);
}
