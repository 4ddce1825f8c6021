import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowBuffer } from './row-buffer.js';

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
  next = 0;
  rows: { position: number; key: number[]; value: number[] }[] = [];

  append(count: number): void {
    for (let i = 0; i < count; i++, this.next++) {
      const [key, value] = [[...rows(this.next, 1, 1)], [...rows(this.next, 1, -1)]];
      this.rows.push({ position: this.next, key, value });
    }
  }

  fork(): SlowRows {
    const copy = new SlowRows();
    copy.next = this.next;
    copy.rows = [...this.rows];
    return copy;
  }
}

function expectSame(fast: RowBuffer, slow: SlowRows): void {
  expect(fast.length).toBe(slow.rows.length);
  expect([...fast.positions]).toEqual(slow.rows.map((row) => row.position));
  expect([...fast.keys]).toEqual(slow.rows.flatMap((row) => row.key));
  expect([...fast.values]).toEqual(slow.rows.flatMap((row) => row.value));
}

describe('RowBuffer', () => {
  it('does what an array of rows does, and so do its forks', () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ kind: fc.constant('retain' as const), keep: fc.infiniteStream(fc.boolean()) }),
      fc.record({ kind: fc.constant('fork' as const) }),
    );
    const operations = fc.array(fc.tuple(fc.nat(3), operation), { maxLength: 30 });
    fc.assert(
      fc.property(operations, (steps) => {
        const pairs = [{ fast: new RowBuffer(headSize), slow: new SlowRows() }];
        for (const [which, step] of steps) {
          const { fast, slow } = pairs[which % pairs.length]!;
          if (step.kind === 'append') {
            fast.append(rows(slow.next, step.count, 1), rows(slow.next, step.count, -1), slow.next);
            slow.append(step.count);
          } else if (step.kind === 'retain') {
            const kept = slow.rows.map(() => step.keep.next().value!);
            const slots = slow.rows.flatMap((_, slot) => (kept[slot] ? [slot] : []));
            fast.retain(Uint32Array.from(slots));
            slow.rows = slow.rows.filter((_, slot) => kept[slot]);
            // The promise of the memory report: a quarter and a few rows at most lie unused.
            const rowBytes = (2 * headSize + 1) * 4;
            expect(fast.allocatedBytes).toBeLessThanOrEqual((1.25 * fast.length + 16) * rowBytes);
          } else {
            pairs.push({ fast: fast.fork(), slow: slow.fork() });
          }
          for (const pair of pairs) expectSame(pair.fast, pair.slow);
        }
      }),
    );
  });

  it('allocates at most a quarter more than it needs', () => {
    const buffer = new RowBuffer(headSize);
    for (let position = 0; position < 2000; position++) {
      buffer.append(rows(position, 1, 1), rows(position, 1, -1), position);
      expect(buffer.allocatedBytes).toBeLessThanOrEqual(
        1.25 * buffer.length * (2 * headSize + 1) * 4,
      );
    }
  });

  it('does not reallocate while a full head trades one row for another', () => {
    const buffer = new RowBuffer(headSize);
    buffer.append(rows(0, 1000, 1), rows(0, 1000, -1), 0);
    buffer.retain(Uint32Array.from({ length: 100 }, (_, i) => i));
    const arrays = new Set<ArrayBufferLike>();
    for (let position = 1000; position < 1500; position++) {
      buffer.append(rows(position, 1, 1), rows(position, 1, -1), position);
      buffer.retain(Uint32Array.from({ length: 100 }, (_, i) => i + 1));
      arrays.add(buffer.keys.buffer);
    }
    expect(arrays.size).toBe(1);
  });

  it('moves the smaller side of a gap', () => {
    const buffer = new RowBuffer(headSize);
    buffer.append(rows(0, 100, 1), rows(0, 100, -1), 0);
    const without = (gap: number) =>
      Uint32Array.from({ length: buffer.length - 1 }, (_, i) => i + +(i >= gap));
    buffer.retain(without(90)); // the rows before it stay where they are
    expect(buffer.keys.byteOffset).toBe(0);
    buffer.retain(without(10)); // the rows after it stay where they are
    expect(buffer.keys.byteOffset).toBe(headSize * 4);
    const expected = Array.from({ length: 100 }, (_, i) => i).filter((i) => i !== 10 && i !== 90);
    expect([...buffer.positions]).toEqual(expected);
  });

  it('shares the arrays with a fork until one of them writes', () => {
    const origin = new RowBuffer(headSize);
    origin.append(rows(0, 4, 1), rows(0, 4, -1), 0);
    const fork = origin.fork();
    expect(fork.keys.buffer).toBe(origin.keys.buffer);
    fork.append(rows(4, 1, 1), rows(4, 1, -1), 4);
    expect(fork.keys.buffer).not.toBe(origin.keys.buffer);
    // The origin owns its arrays alone again and writes without a copy.
    const before = origin.keys.buffer;
    origin.retain(Uint32Array.of(1, 3));
    expect(origin.keys.buffer).toBe(before);
  });
});
