import {
  checkChoice,
  checkInteger,
  checkNames,
  checkNumber,
  InvalidArgumentError,
} from '@namm/core';
import type { CacheView, KeptSlots } from './contracts/eviction-policy.js';
import type { ProtectedSpan } from './contracts/protected-span.js';
import type { NotedScores } from './noted-scores.js';
import { firstFrom } from './scoring/row-features.js';
import { slotRange } from './slot-range.js';

/** A row that may go for one that must stay. */
interface Candidate {
  readonly head: HeadChoice;
  readonly slot: number;
}

/**
 * The protected tokens of one sequence. They are enforced here, on any policy's choice, so that no policy has to know
 * about them: protected rows that the policy dropped are kept, and under a policy with a budget as many others are
 * evicted in their place, lowest scores first.
 */
export class ProtectedSpans {
  /** In order, without overlaps. */
  readonly spans: readonly Required<ProtectedSpan>[];

  /** @throws {InvalidArgumentError} when spans overlap or one is invalid */
  constructor(spans: readonly ProtectedSpan[] = []) {
    if (!Array.isArray(spans)) throw new InvalidArgumentError('spans', 'is not a list of spans');
    const all = spans.map((span: ProtectedSpan, i) => {
      checkNames(`spans[${i}]`, span, ['start', 'end', 'keep']);
      const { start, end, keep = 'all' } = span;
      checkInteger(`spans[${i}].start`, start, 0);
      checkInteger(`spans[${i}].end`, end, start + 1);
      if (typeof keep === 'number') {
        checkNumber(
          `spans[${i}].keep`,
          keep,
          (value) => value > 0 && value <= 1,
          'above 0, up to 1',
        );
      } else {
        checkChoice(`spans[${i}].keep`, keep, ['all', 'share']);
      }
      return { start, end, keep };
    });
    this.spans = all.sort((a, b) => a.start - b.start);
    for (const [i, { start, end }] of this.spans.entries()) {
      const before = this.spans[i - 1];
      if (before === undefined || before.end <= start) continue;
      const problem = `${before.start}-${before.end} and ${start}-${end} overlap`;
      throw new InvalidArgumentError('spans', problem);
    }
  }

  get isEmpty(): boolean {
    return this.spans.length === 0;
  }

  /**
   * The rows that stay, given a policy's choice.
   *
   * @param kept valid slots, as the policy chose them
   * @param scores what it told of them
   * @param hasBudget whether others go for rows that come back
   */
  spare(
    kept: readonly (KeptSlots | null)[],
    view: CacheView,
    scores: NotedScores,
    hasBudget: boolean,
  ): (KeptSlots | null)[] {
    const choose = (slots: Uint32Array, layer: number, head: number) =>
      new HeadChoice(
        slots,
        view.tokens(layer, head),
        view.seen,
        scores.of(layer, head),
        this.spans,
      );
    const choices = kept.map(
      (heads, layer) => heads?.map((slots, head) => choose(slots, layer, head)) ?? null,
    );
    let debt = 0;
    for (const head of hasBudget ? choices.flatMap((heads) => heads ?? []) : []) {
      if (head.added > 0) debt += drop(head.added, head.candidates());
    }
    if (debt > 0) {
      // Heads that cannot pay for what came back leave it to the others, so that the budget of all holds.
      for (const [layer, heads] of choices.entries()) {
        if (heads !== null) continue;
        const { keyValueHeads } = view.shape.layers[layer]!;
        choices[layer] = Array.from({ length: keyValueHeads }, (_, head) =>
          choose(slotRange(0, view.length(layer, head)), layer, head),
        );
      }
      drop(
        debt,
        choices.flatMap((heads) => heads ?? []).flatMap((head) => head.candidates()),
      );
    }
    return choices.map((heads) => heads?.map((head) => head.slots) ?? null);
  }
}

/** Drops so many rows, the lowest scores first; returns how many could not be dropped. */
function drop(count: number, candidates: Candidate[]): number {
  let left = count;
  // One row per token is the rule once a cache is full: no need to sort for that.
  while (left > 0 && count === 1 && candidates.length > 0) {
    let lowest = 0;
    for (let i = 1; i < candidates.length; i++) {
      if (inOrder(candidates[i]!, candidates[lowest]!) < 0) lowest = i;
    }
    const [{ head, slot }] = candidates.splice(lowest, 1) as [Candidate];
    if (head.drop(slot)) left--;
  }
  for (const { head, slot } of candidates.sort(inOrder)) {
    if (left === 0) break;
    if (head.drop(slot)) left--;
  }
  return left;
}

function inOrder(a: Candidate, b: Candidate): number {
  const [first, second] = [a.head.scoreOf(a.slot), b.head.scoreOf(b.slot)];
  if (first !== second) return first < second ? -1 : 1;
  return a.slot - b.slot;
}

/** What one head keeps. */
class HeadChoice {
  /** Rows that came back. */
  added = 0;
  readonly #tokens: Int32Array;
  readonly #scores: Float64Array;
  /** 1 for a row that stays. */
  readonly #stays: Uint8Array;
  /** 1 for a row that must. */
  readonly #isFixed: Uint8Array;
  /** Rows that a span with a share holds beyond it. */
  readonly #surplus: { readonly from: number; readonly to: number; count: number }[] = [];

  constructor(
    slots: Uint32Array,
    tokens: Int32Array,
    seen: number,
    scores: Float64Array,
    spans: readonly Required<ProtectedSpan>[],
  ) {
    this.#tokens = tokens;
    this.#scores = scores;
    this.#stays = new Uint8Array(tokens.length);
    this.#isFixed = new Uint8Array(tokens.length);
    for (const slot of slots) this.#stays[slot] = 1;
    // What spans that stay whole, or with a share of their own, do not take is what the others have their shares of: so all
    // of it fits.
    let [rows, length] = [slots.length, seen];
    for (const { start, end, keep } of spans) {
      if (keep !== 'all') continue;
      const [from, to] = [firstFrom(tokens, start), firstFrom(tokens, end)];
      this.#isFixed.fill(1, from, to);
      for (let slot = from; slot < to; slot++) this.#bringBack(slot);
      rows -= to - from;
      length -= Math.max(0, Math.min(end, seen) - start);
    }
    for (const { start, end, keep } of spans) {
      if (typeof keep !== 'number' || start >= seen) continue;
      const share = Math.floor(keep * (Math.min(end, seen) - start));
      this.#fillShare(firstFrom(tokens, start), firstFrom(tokens, end), share);
      rows -= share;
      length -= Math.min(end, seen) - start;
    }
    for (const { start, end, keep } of spans) {
      if (keep !== 'share' || start >= seen) continue;
      const share = Math.floor((Math.max(0, rows) * (Math.min(end, seen) - start)) / length);
      this.#fillShare(firstFrom(tokens, start), firstFrom(tokens, end), share);
    }
  }

  get slots(): Uint32Array {
    const slots: number[] = [];
    for (let slot = 0; slot < this.#stays.length; slot++) if (this.#stays[slot]) slots.push(slot);
    return Uint32Array.from(slots);
  }

  /** Rows behind the scores stay longest: the policy would keep them whatever theirs are. */
  scoreOf(slot: number): number {
    return slot < this.#scores.length ? this.#scores[slot]! : Infinity;
  }

  /** Rows that may go; the newest stays. */
  candidates(): Candidate[] {
    const candidates: Candidate[] = [];
    for (let slot = 0; slot < this.#tokens.length - 1; slot++) {
      if (this.#stays[slot] && !this.#isFixed[slot]) candidates.push({ head: this, slot });
    }
    return candidates;
  }

  /** Whether the row could go; of a span with a share only what is more than it. */
  drop(slot: number): boolean {
    const span = this.#surplus.find(({ from, to }) => slot >= from && slot < to);
    if (span?.count === 0 || this.#stays[slot] === 0) return false;
    if (span !== undefined) span.count--;
    this.#stays[slot] = 0;
    return true;
  }

  #bringBack(slot: number): void {
    if (this.#stays[slot]) return;
    this.#stays[slot] = 1;
    this.added++;
  }

  #fillShare(from: number, to: number, share: number): void {
    const dropped: number[] = [];
    let held = 0;
    for (let slot = from; slot < to; slot++) {
      if (this.#stays[slot]) held++;
      else dropped.push(slot);
    }
    if (held < share) {
      dropped.sort((a, b) => this.scoreOf(b) - this.scoreOf(a) || a - b);
      for (const slot of dropped.slice(0, share - held)) this.#bringBack(slot);
    }
    this.#surplus.push({ from, to, count: Math.max(0, held - share) });
  }
}
