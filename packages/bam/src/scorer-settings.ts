import { checkNames, InvalidArgumentError, noneOf } from '@namm/core/portable';

/** What all scorers have in common. */
interface FeatureInput {
  /** Numbers per token; 25 as published. */
  readonly features: number;
  /**
   * The range of features that the scorer sees: `from` (included) to `to` (excluded); it sees the others as 0. For
   * ablations: with 8 numbers of recency and 17 of the spectrum, `[0, 8]` removes the spectrum and `[8, 25]` the age.
   * @defaultValue all
   */
  readonly visible?: readonly [from: number, to: number];
}

/**
 * Backward attention memory: self-attention over the cached tokens of one head, in which each token sees itself and
 * newer ones. One attention head with biases gives a residual r and a multiplier m per feature; the score is w · (x (1
 * + m) + r) + b. One set of parameters serves all layers and heads.
 */
export interface BamSettings extends FeatureInput {
  readonly kind: 'bam';
  /** Size of queries, keys and values; 32 as published. */
  readonly hidden: number;
  /**
   * If false, each token attends only to itself, so queries and keys have no effect; for ablations.
   * @defaultValue true
   */
  readonly attention?: boolean;
}

/** Linear layers over one token's features, without looking at other tokens; ReLU after each but the last. */
export interface MlpSettings extends FeatureInput {
  readonly kind: 'mlp';
  readonly hidden: number;
  /** Number of linear layers, including the output layer; at least 2. */
  readonly depth: number;
  readonly bias: boolean;
  /** Whether the first layer's result is added to its input, as published; needs hidden = features. */
  readonly residual: boolean;
}

/** A weighted sum of one token's features. */
export interface LinearSettings extends FeatureInput {
  readonly kind: 'linear';
  readonly bias: boolean;
}

/** Which scorer, and how large. */
export type ScorerSettings = BamSettings | MlpSettings | LinearSettings;

/** The sizes of the published models: 4,172 parameters. */
export const publishedBam: BamSettings = { kind: 'bam', features: 25, hidden: 32 };

/** A part of the flat list of parameters. */
export interface ParameterSlice {
  readonly name: string;
  readonly offset: number;
  /** Weights are `[in, out]`, the output's index running fastest: y = x W + b. */
  readonly shape: readonly number[];
}

const settingNames = {
  bam: ['kind', 'features', 'visible', 'hidden', 'attention'],
  mlp: ['kind', 'features', 'visible', 'hidden', 'depth', 'bias', 'residual'],
  linear: ['kind', 'features', 'visible', 'bias'],
} as const;

/** The widest useful scorer; a larger size is a mistake or an attack. */
const largestSize = 4096;

/**
 * @throws {InvalidArgumentError} for an unknown scorer or a size out of range
 */
export function checkSettings(settings: ScorerSettings): void {
  const { kind } = settings;
  if (kind !== 'bam' && kind !== 'mlp' && kind !== 'linear') {
    throw new InvalidArgumentError('settings.kind', noneOf(kind, ['bam', 'mlp', 'linear']));
  }
  const known: readonly string[] = settingNames[kind];
  checkNames(`a ${kind} scorer`, { ...settings } as Record<string, unknown>, known);
  const sizes: Record<string, number> = { features: settings.features };
  if (kind !== 'linear') sizes.hidden = settings.hidden;
  if (kind === 'mlp') sizes.depth = settings.depth;
  for (const [name, size] of Object.entries(sizes)) {
    const smallest = name === 'depth' ? 2 : 1;
    if (Number.isSafeInteger(size) && size >= smallest && size <= largestSize) continue;
    const range = `a whole number from ${smallest} to ${largestSize}`;
    throw new InvalidArgumentError(`settings.${name}`, `${size} is not ${range}`);
  }
  const flags = kind === 'bam' ? [] : kind === 'mlp' ? ['bias', 'residual'] : ['bias'];
  for (const flag of flags) {
    const value = (settings as unknown as Record<string, unknown>)[flag];
    if (typeof value === 'boolean') continue;
    throw new InvalidArgumentError(`settings.${flag}`, `${value} is neither true nor false`);
  }
  if (kind === 'bam' && !['undefined', 'boolean'].includes(typeof settings.attention)) {
    const problem = `${settings.attention} is neither true nor false`;
    throw new InvalidArgumentError('settings.attention', problem);
  }
  checkVisible(settings);
  if (kind === 'mlp' && settings.residual && settings.hidden !== settings.features) {
    const problem = `hidden ${settings.hidden} and features ${settings.features} differ`;
    throw new InvalidArgumentError('settings.residual', `${problem}; a residual needs them equal`);
  }
}

function checkVisible({ visible, features }: FeatureInput): void {
  if (visible === undefined) return;
  const [from, to] = Array.isArray(visible) && visible.length === 2 ? visible : [0, 0];
  if (Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from < to && to <= features) {
    return;
  }
  const problem = `[${visible}] is not a range within the ${features} features`;
  throw new InvalidArgumentError('settings.visible', problem);
}

/**
 * The parts of the flat list of parameters, in order. Evolution works on this list, and checkpoints store it; for BAM
 * the order is that of the reference implementation.
 *
 * @throws {InvalidArgumentError} for settings out of range
 *
 * @example
 * ```ts
 * parameterLayout(publishedBam)[0]; // { name: 'qkv.weight', offset: 0, shape: [25, 96] }
 * ```
 */
export function parameterLayout(settings: ScorerSettings): readonly ParameterSlice[] {
  checkSettings(settings);
  let offset = 0;
  return shapesOf(settings).map(([name, shape]) => {
    const slice = { name, offset, shape };
    offset += shape.reduce((product, size) => product * size, 1);
    return slice;
  });
}

/**
 * How many parameters a scorer has.
 *
 * @example
 * ```ts
 * parameterCount(publishedBam); // 4172
 * ```
 */
export function parameterCount(settings: ScorerSettings): number {
  const { offset, shape } = parameterLayout(settings).at(-1)!;
  return offset + shape.reduce((product, size) => product * size, 1);
}

function shapesOf(settings: ScorerSettings): (readonly [string, readonly number[]])[] {
  const { features } = settings;
  if (settings.kind === 'bam') {
    const { hidden } = settings;
    return [
      ['qkv.weight', [features, 3 * hidden]],
      ['qkv.bias', [3 * hidden]],
      ['out.weight', [hidden, 2 * features]],
      ['out.bias', [2 * features]],
      ['score.weight', [features, 1]],
      ['score.bias', [1]],
    ];
  }
  const widths =
    settings.kind === 'linear'
      ? [features, 1]
      : [features, ...new Array<number>(settings.depth - 1).fill(settings.hidden), 1];
  return widths.slice(1).flatMap((width, layer) => {
    const name = layer === widths.length - 2 ? 'score' : `layer${layer}`;
    const weight = [`${name}.weight`, [widths[layer]!, width]] as const;
    return settings.bias ? [weight, [`${name}.bias`, [width]] as const] : [weight];
  });
}
