import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { CacheDtype } from './contracts/cache-shape.js';
import { RowBuffer } from './row-buffer.js';
import { cacheDtypes, readStored, storedBytes, storeRows } from './stored-rows.js';

const headSize = 3;

/** Rows whose numbers tell where they come from. */
function rows(from: number, count: number, sign: number): Float32Array {
  return Float32Array.from(
    { length: count * headSize },
    (_, i) => sign * (from * headSize + i + 1),
  );
}

/** The obvious twin: an array with one object per row. */
class SlowRows {
  constructor(readonly dtype: CacheDtype = 'fp32') {}

  next = 0;
  rows: { position: number; key: number[]; value: number[] }[] = [];

  append(count: number): void {
    for (let i = 0; i < count; i++, this.next++) {
      const held = (sign: number) => [
        ...readStored(storeRows(this.dtype, rows(this.next, 1, sign), headSize), headSize),
      ];
      const [key, value] = [held(1), held(-1)];
      this.rows.push({ position: this.next, key, value });
    }
  }

  fork(): SlowRows {
    const copy = new SlowRows(this.dtype);
    copy.next = this.next;
    copy.rows = [...this.rows];
    return copy;
  }
}

function append(fast: RowBuffer, from: number, count: number, dtype: CacheDtype = 'fp32'): void {
  const positions = Int32Array.from({ length: count }, (_, i) => from + i);
  const axes = new Int32Array(0);
  const stored = (sign: number) => storeRows(dtype, rows(from, count, sign), headSize);
  const [keys, values] = [stored(1), stored(-1)];
  fast.append({ keys, values, positions, tokens: positions, axes });
}

function expectSame(fast: RowBuffer, slow: SlowRows): void {
  expect(fast.length).toBe(slow.rows.length);
  expect([...fast.positions]).toEqual(slow.rows.map((row) => row.position));
  const keys = slow.rows.flatMap((row) => row.key);
  const values = slow.rows.flatMap((row) => row.value);
  expect([...fast.keys()]).toEqual(keys);
  expect([...fast.values()]).toEqual(values);
  const { shared, own } = fast.segments;
  const inPieces = (part: 'keys' | 'values') =>
    [shared, own].flatMap((piece) => [...readStored(piece[part], headSize)]);
  expect(inPieces('keys')).toEqual(keys);
  expect(inPieces('values')).toEqual(values);
}

const rowBytes = (2 * headSize + 1) * 4;

describe('RowBuffer', () => {
  it.each(cacheDtypes)('does in %s what an array of rows does, and so do its forks', (dtype) => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 40 }) }),
      fc.record({
        kind: fc.constant('retain' as const),
        keep: fc.infiniteStream(fc.boolean()),
        from: fc.nat(60), // what comes before always stays, so that shared rows may stay whole
      }),
      fc.record({ kind: fc.constant('fork' as const) }),
    );
    const operations = fc.array(fc.tuple(fc.nat(3), operation), { maxLength: 30 });
    fc.assert(
      fc.property(operations, (steps) => {
        const pairs = [
          { fast: new RowBuffer(headSize, undefined, dtype), slow: new SlowRows(dtype) },
        ];
        for (const [which, step] of steps) {
          const { fast, slow } = pairs[which % pairs.length]!;
          if (step.kind === 'append') {
            append(fast, slow.next, step.count, dtype);
            slow.append(step.count);
          } else if (step.kind === 'retain') {
            const kept = slow.rows.map((_, slot) => slot < step.from || step.keep.next().value!);
            const slots = slow.rows.flatMap((_, slot) => (kept[slot] ? [slot] : []));
            fast.retain(Uint32Array.from(slots));
            slow.rows = slow.rows.filter((_, slot) => kept[slot]);
          } else {
            pairs.push({ fast: fast.fork(), slow: slow.fork() });
          }
          for (const pair of pairs) {
            expectSame(pair.fast, pair.slow);
            // The promise of the memory report: a quarter and a few rows at most lie unused.
            const bytes = pair.fast.allocatedBytes + pair.fast.shared.bytes;
            expect(bytes).toBeLessThanOrEqual(
              (1.25 * pair.fast.length + 32) * (storedBytes({ headSize }, dtype) + 4),
            );
          }
        }
      }),
    );
  });

  it('allocates at most a quarter more than it needs', () => {
    const buffer = new RowBuffer(headSize);
    for (let position = 0; position < 20_000; position++) {
      append(buffer, position, 1);
      expect(buffer.allocatedBytes).toBeLessThanOrEqual(1.25 * buffer.length * rowBytes);
    }
  });

  it('allocates at most a quarter more than it keeps, from 64 rows on', () => {
    const change = fc.tuple(fc.nat(300), fc.integer({ min: 64, max: 400 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 20 }), (changes) => {
        const buffer = new RowBuffer(headSize);
        append(buffer, 0, 64);
        let seen = 64;
        for (const [count, kept] of changes) {
          append(buffer, seen, count);
          seen += count;
          const { length } = buffer;
          const slots = Uint32Array.from({ length }, (_, slot) => slot);
          buffer.retain(slots.subarray(Math.max(0, length - kept)));
          expect(buffer.allocatedBytes).toBeLessThanOrEqual(1.25 * buffer.length * rowBytes);
        }
      }),
    );
  });

  it('does not reallocate while a full head trades one row for another', () => {
    const buffer = new RowBuffer(headSize);
    append(buffer, 0, 1000);
    buffer.retain(Uint32Array.from({ length: 100 }, (_, i) => i));
    const arrays = new Set<ArrayBufferLike>();
    for (let position = 1000; position < 1500; position++) {
      append(buffer, position, 1);
      buffer.retain(Uint32Array.from({ length: 100 }, (_, i) => i + 1));
      arrays.add(buffer.keys().buffer);
    }
    expect(arrays.size).toBe(1);
  });

  it('grows and shrinks large arrays where they lie', () => {
    const buffer = new RowBuffer(headSize);
    append(buffer, 0, 20_000);
    const { buffer: array } = buffer.keys();
    for (let from = 20_000; from < 100_000; from += 10_000) append(buffer, from, 10_000);
    expect(buffer.keys().buffer).toBe(array);
    const slots = Uint32Array.from({ length: 10_000 }, (_, i) => 10 * i);
    buffer.retain(slots);
    expect(buffer.keys().buffer).toBe(array);
    expect([...buffer.positions]).toEqual([...slots]);
    expect(buffer.allocatedBytes).toBeLessThanOrEqual(12_500 * rowBytes);
  });

  it('moves the smaller side of a gap', () => {
    const buffer = new RowBuffer(headSize);
    append(buffer, 0, 100);
    const without = (gap: number) =>
      Uint32Array.from({ length: buffer.length - 1 }, (_, i) => i + +(i >= gap));
    buffer.retain(without(90)); // the rows before it stay where they are
    expect(buffer.keys().byteOffset).toBe(0);
    buffer.retain(without(10)); // the rows after it stay where they are
    expect(buffer.keys().byteOffset).toBe(headSize * 4);
    const expected = Array.from({ length: 100 }, (_, i) => i).filter((i) => i !== 10 && i !== 90);
    expect([...buffer.positions]).toEqual(expected);
  });

  describe('a fork', () => {
    const sharedRows = (buffer: RowBuffer) => buffer.segments.shared.keys.numbers.length / headSize;

    it('reads the rows of its origin where they lie, and both append to memory of their own', () => {
      const origin = new RowBuffer(headSize);
      append(origin, 0, 40);
      expect(sharedRows(origin)).toBe(0);
      const { buffer } = origin.keys();
      const fork = origin.fork();
      append(fork, 40, 2);
      append(origin, 40, 3);
      for (const side of [origin, fork]) {
        expect(sharedRows(side)).toBe(40);
        expect(side.segments.shared.keys.numbers.buffer).toBe(buffer);
        expect(side.shared.sharers).toBe(2);
      }
      fork.retain(Uint32Array.from({ length: 41 }, (_, i) => i)); // a row of its own
      expect(sharedRows(fork)).toBe(40);
    });

    it('shares until it evicts a shared row, and leaves the others sharing', () => {
      const origin = new RowBuffer(headSize);
      append(origin, 0, 40);
      const [left, right] = [origin.fork(), origin.fork()];
      expect(origin.shared.sharers).toBe(3);
      left.retain(Uint32Array.of(3, 5, 6, 39));
      expect(sharedRows(left)).toBe(0);
      expect(left.shared).toEqual({ bytes: 0, sharers: 1 });
      expect([...left.positions]).toEqual([3, 5, 6, 39]);
      expect(right.shared.sharers).toBe(2);
    });

    it.each([0, 19, 20, 21])(
      'rotates its keys from row %d on, and those of its origin stay',
      (first) => {
        const origin = new RowBuffer(headSize);
        append(origin, 0, 20);
        const fork = origin.fork();
        append(fork, 20, 5);
        const before = [...origin.keys()];
        // A rotation is here the sum of what it moves by.
        const closed = Int32Array.from({ length: 25 }, (_, i) => (i < first ? i : i + 100));
        fork.renumber(closed, (keys, from, to) => {
          for (let i = 0; i < keys.length; i++) {
            const row = Math.floor(i / headSize);
            keys[i]! += to[row]! - from[row]!;
          }
        });
        const plain = [...rows(0, 25, 1)].map((key, i) =>
          Math.floor(i / headSize) < first ? key : key + 100,
        );
        expect([...fork.keys()]).toEqual(plain);
        expect([...fork.positions]).toEqual([...closed]);
        expect([...origin.keys()]).toEqual(before);
      },
    );

    it('rotates keys of few bits to what the rotated numbers round to', () => {
      const origin = new RowBuffer(headSize, undefined, 'int8');
      append(origin, 0, 20, 'int8');
      const fork = origin.fork();
      append(fork, 20, 5, 'int8');
      const before = fork.keys();
      const closed = Int32Array.from({ length: 25 }, (_, i) => (i < 9 ? i : i - 2));
      const double = (keys: Float32Array) => {
        for (let i = 0; i < keys.length; i++) keys[i] = 2 * keys[i]! + 1;
      };
      fork.renumber(closed, double);
      const rotated = before.slice(9 * headSize);
      double(rotated);
      expect(fork.keys(9)).toEqual(readStored(storeRows('int8', rotated, headSize), headSize));
      expect([...fork.keys()].slice(0, 9 * headSize)).toEqual([...before].slice(0, 9 * headSize));
      expect(origin.keys()).toEqual(before.slice(0, 20 * headSize));
    });

    it('of a fork copies few rows and shares many', () => {
      const origin = new RowBuffer(headSize);
      append(origin, 0, 40);
      const fork = origin.fork();
      append(fork, 40, 10);
      expect(sharedRows(fork.fork())).toBe(40);
      append(fork, 50, 1);
      const deep = fork.fork();
      expect(sharedRows(deep)).toBe(51);
      expect(fork.shared.sharers).toBe(2);
      expect([...deep.keys()]).toEqual([...rows(0, 51, 1)]);
    });

    it('that was collected shares no more', async () => {
      setFlagsFromString('--expose_gc');
      const collect = runInNewContext('gc') as () => void;
      const origin = new RowBuffer(headSize);
      append(origin, 0, 40);
      (() => {
        for (let i = 0; i < 5; i++) append(origin.fork(), 40, 1);
      })();
      expect(origin.shared.sharers).toBe(6);
      await vi.waitFor(() => {
        collect();
        expect(origin.shared.sharers).toBe(1);
      });
    });
  });
});
