import { InvalidArgumentError } from '@namm/core/portable';
import { parameterCount, parameterLayout, type ScorerSettings } from './scorer-settings.js';

/**
 * Cuts a flat list of parameters into its parts, without a copy.
 *
 * @throws {InvalidArgumentError} when their number is not that of the scorer, or one is not finite
 */
export function parameterSlices(
  settings: ScorerSettings,
  parameters: Float32Array,
): ReadonlyMap<string, Float32Array> {
  const needed = parameterCount(settings);
  if (parameters.length !== needed) {
    const problem = `${parameters.length} numbers where this ${settings.kind} scorer has ${needed}`;
    throw new InvalidArgumentError('parameters', problem);
  }
  const wrong = parameters.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new InvalidArgumentError('parameters', `number ${wrong} is ${parameters[wrong]}`);
  }
  return new Map(
    parameterLayout(settings).map(({ name, offset, shape }) => {
      const length = shape.reduce((product, size) => product * size, 1);
      return [name, parameters.subarray(offset, offset + length)];
    }),
  );
}
