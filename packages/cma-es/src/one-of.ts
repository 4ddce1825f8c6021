import { checkChoice } from '@namm/core/portable';

/** Values as other libraries spell them. */
const aliases: Readonly<Record<string, string>> = {
  min: 'minimise',
  max: 'maximise',
  minimize: 'minimise',
  maximize: 'maximise',
  diagonal: 'sep',
  separable: 'sep',
  isotropic: 'iso',
  float32: 'single',
  float64: 'double',
  cholesky: 'matrix-adaptation',
  xbest: 'best',
  xfavorite: 'mean',
  csa: 'path',
  psr: 'success',
  choice: 'categorical',
  int: 'integer',
  loguniform: 'log',
  float: 'linear',
  uniform: 'linear',
};

/**
 * A choice among words.
 *
 * @param fallback what an option that is left out stands for; without it the option is needed
 * @throws {InvalidArgumentError} for anything else, with what was probably meant
 */
export function oneOf<Value extends string>(
  name: string,
  value: Value | undefined,
  allowed: readonly Value[],
  fallback?: Value,
): Value {
  if (value === undefined && fallback !== undefined) return fallback;
  checkChoice(name, value as string, allowed, aliases);
  return value as Value;
}
