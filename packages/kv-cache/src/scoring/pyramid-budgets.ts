import { checkChoice, checkInteger, checkNames, InvalidArgumentError } from '@namm/core';
import { roundHalfEven } from './round-half-even.js';

/** The default of PyramidKV. */
export const defaultBeta = 20;

/** Inputs of {@link pyramidBudgets}. */
export interface PyramidBudgetsOptions {
  readonly layers: number;
  /** Slots per head on average over the layers, protected window included; may be a fraction. */
  readonly slots: number;
  /** Tokens of the sequence. */
  readonly seen: number;
  /** Protected newest rows per head, w. */
  readonly window: number;
  /**
   * The larger, the less the last layer keeps: about (slots − w) / beta.
   * @defaultValue 20
   */
  readonly beta?: number;
  /**
   * Whose arithmetic to use. kvpress rounds, and gives every layer the same unless seen ≥ max ≥ min ≥ window.
   * KVCache-Factory uses integer division and adds the window to each layer.
   * @defaultValue 'kvpress'
   */
  readonly rule?: 'kvpress' | 'factory';
}

/**
 * Rows per head that each layer keeps, falling linearly from the first layer to the last (PyramidKV, Cai
 * et al. 2024, https://arxiv.org/abs/2406.02069): min = (C − w) / beta, max = 2(C − w) − min, at most
 * seen − w.
 *
 * The two rules share this idea but give different numbers: for kvpress C = w + slots and the window is part of a
 * layer's number, for KVCache-Factory C = slots and the window comes on top; the latter's integer steps exceed its own
 * average by up to (layers − 1) / 2.
 *
 * @param options sizes and rule
 * @returns rows per head, one number per layer
 * @throws {InvalidArgumentError} for a bad option
 * @example
 * ```ts
 * pyramidBudgets({ layers: 4, slots: 150, seen: 300, window: 16, beta: 7 }); // [279, 193, 107, 21]
 * ```
 */
export function pyramidBudgets(options: PyramidBudgetsOptions): number[] {
  checkNames('pyramidBudgets', options, ['layers', 'slots', 'seen', 'window', 'beta', 'rule']);
  const { layers, slots, seen, window, beta = defaultBeta, rule = 'kvpress' } = options;
  checkInteger('layers', layers, 1);
  checkInteger('window', window, 1);
  checkChoice('rule', rule, ['kvpress', 'factory']);
  if (!(beta >= 1)) throw new InvalidArgumentError('beta', `${beta} is not a number of at least 1`);
  return rule === 'kvpress'
    ? kvpressBudgets(layers, slots, seen, window, beta)
    : factoryBudgets(layers, slots, seen, window, beta);
}

function kvpressBudgets(layers: number, slots: number, seen: number, window: number, beta: number) {
  let min = slots / beta;
  let max = 2 * slots - min;
  if (max >= seen - window) {
    max = seen - window;
    min = 2 * slots - max;
  }
  const fits = seen >= max && max >= min && min >= window;
  const step = fits && layers > 1 ? (max - min) / (layers - 1) : 0;
  const first = fits && layers > 1 ? max : slots;
  return Array.from({ length: layers }, (_, layer) => roundHalfEven(first - layer * step));
}

function factoryBudgets(
  layers: number,
  average: number,
  seen: number,
  window: number,
  beta: number,
) {
  const slots = Math.floor(average); // all its numbers are whole
  const base = slots - window;
  if (seen < slots) return new Array<number>(layers).fill(seen);
  // Its code keeps C rows in every layer while the sequence is shorter than twice its base.
  if (base <= 0 || layers === 1 || seen < 2 * base) return new Array<number>(layers).fill(slots);
  let min = Math.floor(base / beta);
  let max = 2 * base - min;
  if (max >= seen - window) {
    max = seen - window;
    min = 2 * base - max;
  }
  const step = Math.floor((max - min) / (layers - 1));
  return Array.from({ length: layers }, (_, layer) => max - layer * step + window);
}
