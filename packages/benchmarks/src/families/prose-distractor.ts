import type { Random } from '@namm/core';

/** Sentences that name an entity and a value of the families without saying anything about them. */
export function proseDistractor(
  entities: readonly string[],
  values: readonly string[],
): (random: Random) => string {
  return (random) => {
    const entity = random.pick(entities);
    const value = random.pick(values);
    return random.pick([
      ` Near ${entity} stood the ${value}.`,
      ` The ${value} was near ${entity}.`,
      ` They asked ${entity} about the ${value}.`,
    ]);
  };
}
