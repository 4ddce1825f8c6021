import { InvalidArgumentError } from '@namm/core';
import type { RotarySpec } from '../rotary/rotary-spec.js';
import type {
  AttentionSpec,
  ConvolutionSpec,
  DecoderSpec,
  ExpertsSpec,
  FeedForwardSpec,
  LinearSpec,
  NormSpec,
  ProjectionSpec,
} from './decoder-spec.js';

const parts = [
  ...(['family', 'hiddenSize', 'maximumPositions', 'rotary', 'layers', 'finalNorm'] as const),
  ...(['vocabularySize', 'embedding', 'learnedPositions', 'head'] as const),
];

/**
 * Checks that a spec is consistent: sizes are whole numbers and match between neighbours, and references are valid.
 * Whether the weights match is checked when the graph is built.
 *
 * @param spec as a family or a caller wrote it
 * @throws {InvalidArgumentError} naming the invalid part
 *
 * @example
 * ```ts
 * checkSpec({ ...spec, vocabularySize: null, embedding: null, head: null }); // a backbone alone
 * ```
 */
export function checkSpec(spec: DecoderSpec): void {
  for (const part of parts)
    check(spec[part] !== undefined, part, 'is missing; null leaves a piece out');
  const { hiddenSize, maximumPositions, positionAxes, layers, rotary, finalNorm } = spec;
  check(typeof spec.family === 'string', 'family', 'is not a text');
  checkCount('hiddenSize', hiddenSize);
  checkCount('maximumPositions', maximumPositions);
  if (positionAxes !== undefined) checkCount('positionAxes', positionAxes);
  check(layers.length >= 1, 'layers', 'there is none');
  const attends = layers.some(({ attention }) => attention);
  check(attends, 'layers', 'none has an attention, so that there is nothing to cache');
  for (const [i, table] of rotary.entries()) checkRotary(`rotary[${i}]`, table, positionAxes ?? 1);
  for (const [i, { norms, attention, convolution, feedForward }] of layers.entries()) {
    const at = `layers[${i}]`;
    const whole = norms && (attention?.projections || convolution?.kernel) && feedForward?.down;
    check(Boolean(whole), at, 'lacks norms, attention or feedForward');
    check(!(attention && convolution), at, 'has an attention and a convolution');
    for (const [name, norm] of Object.entries(norms)) {
      if (norm !== null) checkNorm(`${at}.norms.${name}`, norm, hiddenSize);
    }
    if (attention) checkAttention(`${at}.attention`, attention, spec);
    else checkConvolution(`${at}.convolution`, convolution!, hiddenSize);
    checkFeedForward(`${at}.feedForward`, feedForward, hiddenSize);
  }
  if (finalNorm) checkNorm('finalNorm', finalNorm, hiddenSize);
  checkEnds(spec);
}

/** What stands before and behind the layers. */
function checkEnds(spec: DecoderSpec): void {
  const { vocabularySize, hiddenSize, maximumPositions, embedding, head, learnedPositions } = spec;
  const hasVocabulary = embedding !== null || head !== null;
  check(
    hasVocabulary === (vocabularySize !== null),
    'vocabularySize',
    'goes with embedding or head',
  );
  if (vocabularySize !== null) checkCount('vocabularySize', vocabularySize);
  if (embedding) check(Number.isFinite(embedding.scale), 'embedding.scale', 'is not a number');
  if (head) {
    checkLinear('head.linear', head.linear, hiddenSize, vocabularySize!);
    checkCap('head.softCap', head.softCap);
  }
  if (!learnedPositions) return;
  const { count } = learnedPositions;
  checkCount('learnedPositions.count', count);
  const problem = `holds ${count} of ${maximumPositions} positions`;
  check(count >= maximumPositions, 'learnedPositions', problem);
}

function checkRotary(at: string, { size, base, axes }: RotarySpec, axisCount: number): void {
  checkCount(`${at}.size`, size);
  check(size % 2 === 0, `${at}.size`, `${size} numbers are not pairs`);
  check(base > 0, `${at}.base`, `${base} is not a positive number`);
  if (axes === undefined) return;
  check(axes.length === size / 2, `${at}.axes`, `${axes.length} axes for ${size / 2} frequencies`);
  const known = axes.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < axisCount);
  check(known, `${at}.axes`, `[${axes}] are not all of the ${axisCount} axes`);
}

function checkAttention(at: string, spec: AttentionSpec, model: DecoderSpec): void {
  const { queryHeads, keyValueHeads, headSize, scale, window, rotary, queryKeyNorm } = spec;
  const { hiddenSize } = model;
  for (const part of ['queryHeads', 'keyValueHeads', 'headSize'] as const) {
    checkCount(`${at}.${part}`, spec[part]);
  }
  const uneven = `${keyValueHeads} does not divide ${queryHeads} query heads`;
  check(queryHeads % keyValueHeads === 0, `${at}.keyValueHeads`, uneven);
  check(Number.isFinite(scale), `${at}.scale`, `${scale} is not a finite number`);
  checkCap(`${at}.softCap`, spec.softCap);
  if (window !== null) checkCount(`${at}.window`, window);
  if (rotary !== null) {
    const table = model.rotary[rotary];
    check(table !== undefined, `${at}.rotary`, `there is no table ${rotary}`);
    const problem = `table ${rotary} rotates ${table!.size} of ${headSize} numbers`;
    check(table!.size <= headSize, `${at}.rotary`, problem);
  }
  const [querySize, keySize] = [queryHeads * headSize, keyValueHeads * headSize];
  checkProjections(`${at}.projections`, spec.projections, hiddenSize, querySize, keySize);
  checkLinear(`${at}.output`, spec.output, querySize, hiddenSize);
  if (!queryKeyNorm) return;
  const perHead = queryKeyNorm.over === 'head';
  checkNorm(`${at}.queryKeyNorm.query`, queryKeyNorm.query, perHead ? headSize : querySize);
  checkNorm(`${at}.queryKeyNorm.key`, queryKeyNorm.key, perHead ? headSize : keySize);
}

function checkConvolution(at: string, spec: ConvolutionSpec, hiddenSize: number): void {
  checkLinear(`${at}.input`, spec.input, hiddenSize, 3 * hiddenSize);
  checkLinear(`${at}.output`, spec.output, hiddenSize, hiddenSize);
  checkCount(`${at}.taps`, spec.taps);
  check(spec.taps >= 2, `${at}.taps`, 'a convolution over one token mixes none');
}

function checkProjections(
  at: string,
  spec: ProjectionSpec,
  hiddenSize: number,
  querySize: number,
  keySize: number,
): void {
  if (spec.kind === 'fused') {
    checkLinear(`${at}.all`, spec.all, hiddenSize, querySize + 2 * keySize);
    return;
  }
  checkLinear(`${at}.query`, spec.query, hiddenSize, querySize);
  checkLinear(`${at}.key`, spec.key, hiddenSize, keySize);
  checkLinear(`${at}.value`, spec.value, hiddenSize, keySize);
}

function checkFeedForward(at: string, spec: FeedForwardSpec, hiddenSize: number): void {
  if (spec.kind === 'experts') {
    checkExperts(at, spec, hiddenSize);
    return;
  }
  const inner = spec.down.inputs;
  checkLinear(`${at}.down`, spec.down, inner, hiddenSize);
  if (spec.kind === 'fused-gated') {
    checkLinear(`${at}.gateAndUp`, spec.gateAndUp, hiddenSize, 2 * inner);
    return;
  }
  checkLinear(`${at}.up`, spec.up, hiddenSize, inner);
  if (spec.kind === 'gated') checkLinear(`${at}.gate`, spec.gate, hiddenSize, inner);
}

function checkExperts(at: string, spec: ExpertsSpec, hiddenSize: number): void {
  const { experts, chosen, router, gateAndUp, down, alpha, limit } = spec;
  checkCount(`${at}.experts`, experts);
  checkCount(`${at}.chosen`, chosen);
  check(chosen <= experts, `${at}.chosen`, `${chosen} of ${experts} experts`);
  checkLinear(`${at}.router`, router, hiddenSize, experts);
  checkLinear(`${at}.gateAndUp`, gateAndUp, hiddenSize, 2 * down.inputs);
  checkLinear(`${at}.down`, down, down.inputs, hiddenSize);
  check(Number.isFinite(alpha), `${at}.alpha`, `${alpha} is not a finite number`);
  check(limit > 0, `${at}.limit`, `${limit} is not a positive number`);
}

function checkNorm(at: string, spec: NormSpec, expected: number): void {
  check(typeof spec?.weight === 'string', at, 'names no weight');
  const { size, epsilon } = spec;
  check(size === expected, `${at}.size`, `${size} where ${expected} numbers are normalised`);
  check(epsilon > 0, `${at}.epsilon`, `${epsilon} is not a positive number`);
}

function checkLinear(
  at: string,
  spec: Pick<LinearSpec, 'weight' | 'inputs' | 'outputs'>,
  inputs: number,
  outputs: number,
): void {
  check(typeof spec?.weight === 'string', at, 'names no weight');
  checkCount(`${at}.inputs`, spec.inputs);
  checkCount(`${at}.outputs`, spec.outputs);
  const [given, wanted] = [`${spec.inputs} → ${spec.outputs}`, `${inputs} → ${outputs}`];
  check(given === wanted, at, `${given} where ${wanted} is needed`);
}

function checkCap(at: string, cap: number | null): void {
  if (cap !== null) check(cap > 0, at, `${cap} is not a positive number`);
}

function checkCount(at: string, count: number): void {
  check(Number.isInteger(count) && count >= 1, at, `${count} is not a whole number of at least 1`);
}

function check(holds: boolean, part: string, problem: string): void {
  if (!holds) throw new InvalidArgumentError(`spec.${part}`, problem);
}
