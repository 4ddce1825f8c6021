import type { FloatArray } from '@namm/core';
import { InvalidArgumentError } from '@namm/core';
import type { CacheShape, LayerShape } from './contracts/cache-shape.js';
import type { CacheUpdate } from './contracts/cache-update.js';
import type { CacheView, EvictionPolicy } from './contracts/eviction-policy.js';
import type { Observation, Probe, SpectrumFeeds } from './contracts/probe.js';
import { partsOfProbe } from './parts-of-probe.js';

/** Positions are stored as signed 32-bit integers. */
const maximumTokens = 2 ** 31 - 1;

/**
 * Checks an update against a cache before anything is changed.
 *
 * @param spectrumFeeds what the policy said of this pass
 * @throws {InvalidArgumentError} naming the first part that does not fit
 */
export function checkUpdate(
  update: CacheUpdate,
  view: CacheView,
  policy: EvictionPolicy,
  spectrumFeeds: () => SpectrumFeeds | null,
): void {
  const { count, rows, observations } = update;
  const { probe } = policy;
  const { layers } = view.shape;
  if (!Number.isInteger(count) || count < 1)
    fail('count', `${count} is not an integer of at least 1`);
  if (view.seen + count > maximumTokens) {
    fail(
      'count',
      `${view.seen} + ${count} tokens are more than the ${maximumTokens} a cache can number`,
    );
  }
  checkInterval(view.seen, count, policy);
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
  checkStates(update, view.shape);
  checkPositions(update, view.shape.positionAxes ?? 0);
  const parts = partsOfProbe(probe);
  const expected = parts.length * layers.length;
  if (observations.length !== expected) {
    fail(
      'observations',
      `${observations.length} entries instead of ${expected} (the probe is '${probe.kind}')`,
    );
  }
  const feeds = probe.kind === 'spectrum' ? spectrumFeeds() : null;
  for (const [i, observation] of observations.entries()) {
    const layer = Math.floor(i / parts.length);
    const wanted = { count, view, probe: parts[i % parts.length]!, feeds };
    checkObservation(observation, i, layer, layers[layer]!, wanted);
  }
}

/** An update must contain the arrays of layers without rows, if there are any. */
function checkStates({ states = [] }: CacheUpdate, shape: CacheShape): void {
  const expected = shape.states ?? [];
  if (states.length !== expected.length) {
    fail('states', `${states.length} entries for ${expected.length} layers without rows`);
  }
  for (const [index, { size }] of expected.entries()) {
    const what = `states[${index}]`;
    if (!(states[index] instanceof Float32Array)) fail(what, 'is not a Float32Array');
    checkNumbers(what, states[index], 1, size, 'numbers');
  }
}

/** An update must contain positions if, and only if, the model has its own. */
function checkPositions({ count, positions }: CacheUpdate, axes: number): void {
  if (axes === 0 && positions === undefined) return;
  if (axes === 0) fail('positions', 'are given for a model that numbers its tokens itself');
  if (!(positions instanceof Int32Array)) fail('positions', 'are missing, or no Int32Array');
  if (positions.length !== count * axes) {
    const dimensions = `${count} tokens × ${axes} axes`;
    fail(
      'positions',
      `holds ${positions.length} numbers instead of ${count * axes} (${dimensions})`,
    );
  }
  const wrong = positions.find((position) => position < 0);
  if (wrong !== undefined) fail('positions', `holds ${wrong}, which is below 0`);
}

/** A policy that chooses at multiples of an interval must see the cache there. */
function checkInterval(
  seen: number,
  count: number,
  { name, updateInterval }: EvictionPolicy,
): void {
  if (updateInterval === undefined) return;
  const room = updateInterval - (seen % updateInterval);
  if (count <= room) return;
  const problem = `${count} tokens after ${seen} cross a multiple of ${updateInterval}`;
  fail('count', `${problem}, where '${name}' chooses; give at most ${room}`);
}

/** What an observation has to fit. */
interface Expected {
  readonly count: number;
  readonly view: CacheView;
  readonly probe: Probe;
  readonly feeds: SpectrumFeeds | null;
}

function checkObservation(
  observation: Observation,
  index: number,
  layer: number,
  shape: LayerShape,
  { count, view, probe, feeds }: Expected,
): void {
  const what = `observations[${index}]`;
  if (observation.kind !== probe.kind) {
    fail(what, `is of kind '${observation.kind}' where the policy asks for '${probe.kind}'`);
  }
  if (observation.heads.length !== shape.keyValueHeads) {
    fail(what, `is for ${observation.heads.length} heads instead of ${shape.keyValueHeads}`);
  }
  if (observation.kind === 'queries') {
    if (observation.queries !== count)
      fail(what, `is of ${observation.queries} queries instead of ${count}`);
    const size = (shape.queryHeads / shape.keyValueHeads) * shape.headSize;
    for (const [head, values] of observation.heads.entries()) {
      checkNumbers(`${what}.heads[${head}]`, values, size, count, 'queries');
    }
    return;
  }
  const slots = (head: number) => view.length(layer, head) + count;
  let perSlot = 1;
  if (observation.kind === 'lastQueries' && probe.kind === 'lastQueries') {
    const rows = Math.min(probe.count, count);
    if (observation.rows !== rows)
      fail(what, `holds ${observation.rows} query rows instead of ${rows}`);
    perSlot = rows * (shape.queryHeads / shape.keyValueHeads);
  }
  if (observation.kind === 'spectrum' && probe.kind === 'spectrum') {
    if (observation.queries !== count)
      fail(what, `is of ${observation.queries} queries instead of ${count}`);
    const bins = probe.kernel.length / (2 * probe.window);
    if (feeds === null) fail(what, `is not expected: the policy says no spectrumFeeds`);
    if (observation.spectra.length !== shape.keyValueHeads)
      fail(what, `has ${observation.spectra.length} spectra for ${shape.keyValueHeads} heads`);
    for (const [head, values] of observation.spectra.entries()) {
      checkNumbers(
        `${what}.spectra[${head}]`,
        values,
        feeds.weights.length === 0 ? 0 : bins,
        slots(head),
      );
    }
    perSlot = feeds.rows;
  }
  for (const [head, values] of observation.heads.entries()) {
    checkNumbers(`${what}.heads[${head}]`, values, perSlot, slots(head));
  }
}

function checkNumbers(
  what: string,
  values: FloatArray,
  perSlot: number,
  slots: number,
  unit = 'slots',
): void {
  const expected = perSlot * slots;
  if (values.length !== expected) {
    fail(what, `holds ${values.length} numbers instead of ${expected} (${slots} ${unit})`);
  }
  // Attention is finite, and so is its sum unless one entry is NaN or infinite. Four sums, as none waits for another.
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= values.length; i += 4) {
    a += values[i]!;
    b += values[i + 1]!;
    c += values[i + 2]!;
    d += values[i + 3]!;
  }
  for (; i < values.length; i++) a += values[i]!;
  if (!Number.isFinite(a + b + c + d)) fail(what, 'holds numbers that are not finite');
}

function fail(argument: string, problem: string): never {
  throw new InvalidArgumentError(argument, problem);
}
