import { InvalidArgumentError } from '@namm/core';
import { describe, expect, it } from 'vitest';

/** What takes options, as a caller without types sees it, and all options that it knows, with values it takes. */
export type OptionTaker = readonly [
  name: string,
  take: (options: never) => unknown,
  known: Readonly<Record<string, unknown>>,
];

/**
 * Declares a test per function with options: it takes all that it knows, refuses a name that it does not know, and
 * tells the known ones.
 *
 * @example
 * ```ts
 * testOptionNames([['h2o', h2o, { budget: 8, recentShare: 0.3 }]]);
 * ```
 */
export function testOptionNames(takers: readonly OptionTaker[]): void {
  describe('options', () => {
    it.each(takers)('of %s: the known ones are taken, another is named', async (_, take, known) => {
      await take(known as never);
      const { message } = await expectUnknownOption((unknown) =>
        take({ ...known, ...unknown } as never),
      );
      for (const option of Object.keys(known)) expect(message).toContain(option);
    });
  });
}

/**
 * Fails unless a call refuses an option that nothing knows, by its name.
 *
 * @param call makes the call with the option among its own
 * @returns the refusal
 */
export async function expectUnknownOption(
  call: (unknown: { readonly unknwon: 1 }) => unknown,
): Promise<Error> {
  const refusal = await (async () => call({ unknwon: 1 }))().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(InvalidArgumentError);
  expect((refusal as Error).message).toMatch(/^unknwon: is not an option of /);
  return refusal as Error;
}
