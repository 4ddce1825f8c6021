import { checkInteger, checkNames, Random } from '@namm/core/portable';

/** Differences other than 0 up to which all flips are counted. */
const mostCounted = 14;

/**
 * Two-sided p-value of paired differences for both sides being alike, in which case each difference might as well have the
 * other sign: the share of flips of signs that give a sum at least as far from 0. All flips are counted where up to 14
 * differences are not 0, so that three prompts, however different, never give less than 0.25; else they are drawn, and the
 * differences themselves count as one of the draws.
 *
 * @param differences of independent cases; weighted, where a mean over strata is tested
 * @param options seed of the draws, and their number (@defaultValue 10 000)
 * @throws {InvalidArgumentError} for options out of range
 * @example
 * ```ts
 * signFlipPValue([2, 1, 4, 3, 5], { seed: 1 }); // 2 of 32 flips: 0.0625
 * ```
 */
export function signFlipPValue(
  differences: ArrayLike<number>,
  options: { readonly seed: number; readonly draws?: number },
): number {
  const { seed, draws = 10_000 } = checkNames('signFlipPValue', options, ['seed', 'draws']);
  checkInteger('draws', draws, 1);
  const sizes = Float64Array.from(differences).filter((each) => each !== 0);
  const total = Math.abs(sizes.reduce((sum, each) => sum + each, 0));
  const largest = sizes.reduce((sum, each) => sum + Math.abs(each), 0);
  const atLeast = total - 1e-12 * largest; // sums in another order may round otherwise
  const isFar = (signOf: (i: number) => number) =>
    Math.abs(sizes.reduce((sum, each, i) => sum + signOf(i) * each, 0)) >= atLeast;
  if (sizes.length <= mostCounted) {
    const flips = 2 ** sizes.length;
    let far = 0;
    for (let flip = 0; flip < flips; flip++) if (isFar((i) => ((flip >> i) & 1 ? -1 : 1))) far++;
    return far / flips;
  }
  const random = new Random(seed);
  let far = 1;
  for (let draw = 0; draw < draws; draw++) if (isFar(() => 2 * random.integer(2) - 1)) far++;
  return far / (draws + 1);
}
