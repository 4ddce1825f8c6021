import { InvalidArgumentError } from '@namm/core';
import type { CacheShape, LayerShape } from './contracts/cache-shape.js';
import { rowBytes, stateBytes } from './stored-rows.js';

/**
 * How much a policy may keep.
 *
 * - `tokens`: rows per KV head; the average, if a policy gives heads or layers different numbers.
 * - `share`: the same, as a share of the tokens seen so far: floor(share × seen), at least 1.
 * - `bytes`: for the whole cache: keys, values, positions and policy state of all rows held, and the arrays of layers
 *   without rows.
 */
export type Budget =
  | { readonly kind: 'tokens'; readonly tokens: number }
  | { readonly kind: 'share'; readonly share: number }
  | { readonly kind: 'bytes'; readonly bytes: number };

/** A budget as people write it; see {@link parseBudget}. */
export type BudgetInput = number | string | Budget;

const allowed =
  "allowed are tokens per head (512), a share of the tokens seen (0.25, '25%') or bytes for the whole cache ('64MB', '64MiB')";

const bytesPerUnit: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/**
 * Reads a budget. An integer of at least 1 is tokens per head, a number between 0 and 1 a share of the
 * tokens seen. Strings are such numbers, percentages (`'25%'`, at most `'100%'`) or bytes for the whole
 * cache: B, KB, MB and GB are powers of 1000, KiB, MiB and GiB powers of 1024, in any case.
 *
 * @param input the budget
 * @param option the name of the value in the error message
 * @returns the budget as plain data
 * @throws {InvalidArgumentError} for anything else; the message says what is allowed
 * @example
 * ```ts
 * parseBudget('25%'); // { kind: 'share', share: 0.25 }
 * parseBudget('64MiB'); // { kind: 'bytes', bytes: 67108864 }
 * ```
 */
export function parseBudget(input: BudgetInput, option = 'budget'): Budget {
  if (input === undefined || input === null) {
    throw new InvalidArgumentError(option, `is missing; ${allowed}`);
  }
  const budget = typeof input === 'string' ? fromText(input) : input;
  const parsed = typeof budget === 'number' ? fromNumber(budget) : budget;
  if (parsed !== null && isUsable(parsed)) return parsed;
  const shown = typeof input === 'object' ? JSON.stringify(input) : `'${input}'`;
  throw new InvalidArgumentError(option, `${shown} is not a budget; ${allowed}`);
}

function fromNumber(value: number): Budget {
  return value > 0 && value < 1
    ? { kind: 'share', share: value }
    : { kind: 'tokens', tokens: value };
}

function fromText(text: string): Budget | null {
  const match = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*(%|[a-z]+)?\s*$/i.exec(text);
  if (match === null) return null;
  const value = Number(match[1]);
  const unit = match[2]?.toLowerCase();
  if (unit === undefined) return fromNumber(value);
  if (unit === '%') return { kind: 'share', share: value / 100 };
  const factor = bytesPerUnit[unit];
  return factor === undefined ? null : { kind: 'bytes', bytes: Math.floor(value * factor) };
}

function isUsable(budget: Budget): boolean {
  switch (budget?.kind) {
    case 'tokens':
      return Number.isSafeInteger(budget.tokens) && budget.tokens >= 1;
    case 'share':
      return budget.share > 0 && budget.share <= 1;
    case 'bytes':
      return Number.isSafeInteger(budget.bytes) && budget.bytes >= 1;
    default:
      return false;
  }
}

/**
 * The slots that a budget gives each KV head on average, as a function of the tokens seen; often a fraction for a
 * share, and at least 1. A budget in bytes gives every head of every layer the same number of slots: the largest at
 * which keys, values, positions and policy state of all heads fit together.
 *
 * @param budget budget to convert
 * @param shape of the cache
 * @param policyBytesPerRow what the policy remembers per row and head of a layer
 * @param policyBytes what it remembers regardless of the rows
 * @returns slots per head, from the tokens seen
 * @throws {InvalidArgumentError} when a budget in bytes does not pay for one slot per head
 */
export function averageSlots(
  budget: Budget,
  shape: CacheShape,
  policyBytesPerRow: (layer: LayerShape) => number,
  policyBytes = 0,
): (seen: number) => number {
  switch (budget.kind) {
    case 'tokens':
      return () => budget.tokens;
    case 'share':
      return (seen) => Math.max(1, budget.share * seen);
    case 'bytes': {
      const bytesPerSlot = shape.layers.reduce((sum, layer) => {
        const row = rowBytes(shape, layer) + policyBytesPerRow(layer);
        return sum + layer.keyValueHeads * row;
      }, 0);
      const states = stateBytes(shape);
      const slots = Math.floor((budget.bytes - policyBytes - states) / bytesPerSlot);
      if (slots >= 1) return () => slots;
      const also = [
        states > 0 ? `, layers without rows ${states}` : '',
        policyBytes > 0 ? `, and the policy a fixed ${policyBytes}` : '',
      ].join('');
      const problem = `${budget.bytes} bytes are too few: one slot per head costs ${bytesPerSlot} bytes${also}`;
      throw new InvalidArgumentError('budget', problem, { details: { bytesPerSlot } });
    }
  }
}

/**
 * The budget in whole rows: what each head may keep when all get the same.
 *
 * @throws {InvalidArgumentError} when a budget in bytes does not pay for one slot per head
 * @example
 * ```ts
 * slotsPerHead({ kind: 'share', share: 0.25 }, shape, () => 0)(1000); // 250
 * ```
 */
export function slotsPerHead(
  budget: Budget,
  shape: CacheShape,
  policyBytesPerRow: (layer: LayerShape) => number,
): (seen: number) => number {
  const slots = averageSlots(budget, shape, policyBytesPerRow);
  return (seen) => Math.floor(slots(seen));
}
