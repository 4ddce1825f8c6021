import { InvalidArgumentError } from '@namm/core';
import { KVCache } from '@namm/kv-cache';
import { describe, expect, it } from 'vitest';
import type { TokenRole } from './attribute-tokens.js';
import { factOracle } from './fact-oracle.js';

const layer = { keyValueHeads: 2, queryHeads: 2, headSize: 1, window: null };
const shape = { model: 'none', layers: [layer, layer] };

/** Roles of: BOS, f filler, a needed fact of 2, filler, a needless fact, stale, filler, question, answer. */
function roles(filler: number): TokenRole[] {
  const pieces: [TokenRole['kind'], number, number[]][] = [
    ['filler', filler, []],
    ['fact', 2, [0]],
    ['filler', filler, []],
    ['fact', 2, []],
    ['stale', 1, [0]],
    ['distractor', 1, []],
    ['filler', filler, []],
    ['question', 2, [0]],
    ['answer', 1, [0]],
    ['question', 1, [0]],
  ];
  const all: TokenRole[] = [{ kind: 'bos', segment: -1, questions: [] }];
  for (const [segment, [kind, count, questions]] of pieces.entries()) {
    for (let i = 0; i < count; i++) all.push({ kind, segment, questions });
  }
  return all;
}

/** Positions that every head holds after `count` tokens were fed in chunks. */
async function held(all: readonly TokenRole[], window: number, count: number, chunk: number) {
  const cache = new KVCache(shape, { policy: factOracle(all, { window }) });
  for (let done = 0; done < count; done += chunk) {
    const size = Math.min(chunk, count - done);
    const rows = [0, 1].map(() => ({
      keys: new Float32Array(2 * size),
      values: new Float32Array(2 * size),
    }));
    await cache.update({ count: size, rows, observations: [] });
  }
  const positions = [0, 1].flatMap((l) => [0, 1].map((head) => [...cache.positions(l, head)]));
  for (const other of positions) expect(other).toEqual(positions[0]);
  return positions[0];
}

describe('factOracle', () => {
  const all = roles(3);
  // 0 BOS, 1-3 filler, 4-5 fact, 6-8 filler, 9-10 needless, 11 stale, 12 distractor, 13-15 filler, 16- tail

  it('keeps BOS, the facts that are asked for, and the last part', async () => {
    for (const chunk of [1, 4, 30]) {
      expect(await held(all, 0, all.length, chunk)).toEqual([0, 4, 5, 16, 17, 18, 19]);
    }
  });

  it('keeps the newest tokens while it reads, and those of the context afterwards', async () => {
    expect(await held(all, 2, 9, 3)).toEqual([0, 4, 5, 7, 8]);
    expect(await held(all, 2, all.length, 3)).toEqual([0, 4, 5, 14, 15, 16, 17, 18, 19]);
  });

  it('keeps what comes behind the sample', async () => {
    expect(await held(all, 0, all.length + 2, 5)).toEqual([0, 4, 5, 16, 17, 18, 19, 20, 21]);
  });

  it('keeps questions that are announced before the context', async () => {
    const announced = roles(3).map((role) => ({ ...role, segment: role.segment + 1 }));
    announced.splice(1, 0, { kind: 'question', segment: 0, questions: [0] });
    expect(await held(announced, 0, announced.length, 7)).toEqual([0, 1, 5, 6, 17, 18, 19, 20]);
  });

  it('refuses a window that is none', () => {
    expect(() => factOracle(all, { window: -1 })).toThrow(InvalidArgumentError);
  });
});
