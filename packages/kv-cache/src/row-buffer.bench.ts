import { bench, describe } from 'vitest';
import { RowBuffer } from './row-buffer.js';
import { storeRows } from './stored-rows.js';

const headSize = 64;
const held = 4096;
const every = (count: number) => Int32Array.from({ length: count }, (_, i) => i);
const rows = (count: number) => ({
  keys: storeRows('fp32', new Float32Array(count * headSize).fill(1), headSize),
  values: storeRows('fp32', new Float32Array(count * headSize).fill(2), headSize),
  positions: every(count),
  tokens: every(count),
  axes: new Int32Array(0),
});

describe(`a head of ${held} rows takes 64 in and lets 64 go`, () => {
  const fresh = rows(64);
  // Spread out, so that nearly every row moves: the worst there is.
  const slots = Uint32Array.from({ length: held }, (_, i) => i + Math.floor(i / 64));

  const buffer = new RowBuffer(headSize);
  buffer.append(rows(held));
  bench('in place', () => {
    buffer.append(fresh);
    buffer.retain(slots);
  });

  let kept = rows(held).keys.numbers as Float32Array;
  bench('plain: a fresh array each time, keys alone', () => {
    const all = new Float32Array(kept.length + fresh.keys.numbers.length);
    all.set(kept);
    all.set(fresh.keys.numbers, kept.length);
    const next = new Float32Array(held * headSize);
    for (const [row, slot] of slots.entries()) {
      next.set(all.subarray(slot * headSize, (slot + 1) * headSize), row * headSize);
    }
    kept = next;
  });
});
