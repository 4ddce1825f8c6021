import { InvalidArgumentError } from '@namm/core';
import type { LayerShape } from './cache-shape.js';
import type { CacheUpdate } from './cache-update.js';
import type { CacheView, Observation, Probe } from './eviction-policy.js';

/** Positions are stored as signed 32-bit integers. */
const maximumTokens = 2 ** 31 - 1;

/**
 * Checks an update against a cache before anything is changed.
 *
 * @throws {InvalidArgumentError} naming the first part that does not fit
 */
export function checkUpdate(update: CacheUpdate, view: CacheView, probe: Probe): void {
  const { count, rows, observations } = update;
  const { layers } = view.shape;
  if (!Number.isInteger(count) || count < 1)
    fail('count', `${count} is not an integer of at least 1`);
  if (view.seen + count > maximumTokens) {
    fail(
      'count',
      `${view.seen} + ${count} tokens are more than the ${maximumTokens} a cache can number`,
    );
  }
  if (rows.length !== layers.length)
    fail('rows', `${rows.length} entries for ${layers.length} layers`);
  for (const [layer, shape] of layers.entries()) {
    const expected = shape.keyValueHeads * count * shape.headSize;
    for (const part of ['keys', 'values'] as const) {
      const array = rows[layer]![part];
      const what = `rows[${layer}].${part}`;
      if (!(array instanceof Float32Array)) fail(what, 'is not a Float32Array');
      if (array.length !== expected) {
        const dimensions = `${shape.keyValueHeads} heads × ${count} tokens × ${shape.headSize}`;
        fail(what, `holds ${array.length} numbers instead of ${expected} (${dimensions})`);
      }
    }
  }
  const expected = probe.kind === 'none' ? 0 : layers.length;
  if (observations.length !== expected) {
    fail(
      'observations',
      `${observations.length} entries instead of ${expected} (the probe is '${probe.kind}')`,
    );
  }
  for (const [layer, observation] of observations.entries()) {
    checkObservation(observation, layer, layers[layer]!, count, view, probe);
  }
}

function checkObservation(
  observation: Observation,
  layer: number,
  shape: LayerShape,
  count: number,
  view: CacheView,
  probe: Probe,
): void {
  const what = `observations[${layer}]`;
  if (observation.kind !== probe.kind) {
    fail(what, `is of kind '${observation.kind}' where the policy asks for '${probe.kind}'`);
  }
  let perSlot = 1;
  if (observation.kind === 'lastQueries' && probe.kind === 'lastQueries') {
    const rows = Math.min(probe.count, count);
    if (observation.rows !== rows)
      fail(what, `holds ${observation.rows} query rows instead of ${rows}`);
    perSlot = rows * (shape.queryHeads / shape.keyValueHeads);
  }
  if (observation.heads.length !== shape.keyValueHeads) {
    fail(what, `is for ${observation.heads.length} heads instead of ${shape.keyValueHeads}`);
  }
  for (const [head, values] of observation.heads.entries()) {
    const slots = view.length(layer, head) + count;
    if (values.length !== perSlot * slots) {
      const problem = `holds ${values.length} numbers instead of ${perSlot * slots} (${slots} slots)`;
      fail(`${what}.heads[${head}]`, problem);
    }
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i]!;
    // Attention is finite, and so is its sum unless one entry is NaN or infinite.
    if (!Number.isFinite(sum)) fail(`${what}.heads[${head}]`, 'holds numbers that are not finite');
  }
}

function fail(argument: string, problem: string): never {
  throw new InvalidArgumentError(argument, problem);
}
