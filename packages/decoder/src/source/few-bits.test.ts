import { Random } from '@namm/core';
import { dequantise } from '@namm/tensors';
import { randomBlocks } from '@namm/testing';
import { describe, expect, it } from 'vitest';
import { type FewBitPlan, type FewBits, planFewBits, readFewBits } from './few-bits.js';
import type { Weight } from './weight.js';

const shape = [6, 256];

/** The numbers that a matrix in few bits stands for. */
function numbersOf({ codes, scales, offsets }: FewBits, { bits, groupSize }: FewBitPlan) {
  return Float32Array.from({ length: (codes.length * 8) / bits }, (_, i) => {
    const code = bits === 8 ? codes[i]! : (codes[i >> 1]! >> (4 * (i & 1))) & 15;
    const group = Math.floor(i / groupSize);
    return scales[group]! * (code - 2 ** (bits - 1)) + (offsets[group] ?? 0);
  });
}

function stored(type: string, rowOrder?: Uint32Array): { weight: Weight; numbers: Float32Array } {
  const { bytes } = randomBlocks(type, shape, new Random(2));
  const weight: Weight = {
    ...{ name: 'w', format: type, shape, location: { kind: 'memory', bytes } },
    ...(rowOrder && { rowOrder }),
  };
  const numbers = new Float32Array(shape[0]! * shape[1]!);
  dequantise(type, bytes, numbers);
  return { weight, numbers };
}

function floats(numbers: Float32Array, floatShape: readonly number[]): Weight {
  const bytes = new Uint8Array(numbers.buffer);
  return { name: 'w', format: 'F32', shape: floatShape, location: { kind: 'memory', bytes } };
}

const refuse = (weight: Weight) => {
  throw new Error(`${weight.name} is not finite`);
};

const largest = (numbers: Float32Array) => Math.max(...numbers.map(Math.abs));
const difference = (a: Float32Array, b: Float32Array) => largest(a.map((x, i) => x - b[i]!));

const types = 'Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL'.split(' ');

it.each(types)('%s keeps its numbers', async (type) => {
  const { weight, numbers } = stored(type);
  const plan = planFewBits(weight, 'auto', 256, false)!;
  const read = await readFewBits([{ weight, layout: 'outputs-first' }], plan, refuse);
  // One rounding where an offset moves.
  expect(difference(numbersOf(read, plan), numbers)).toBeLessThan(1e-6 * largest(numbers));
  expect(plan.bits).toBe(/Q[234]|4_1/.test(type) && type !== 'IQ4_NL' ? 4 : 8);
});

it('rows go where the graph needs them, and matrices follow each other', async () => {
  const order = Uint32Array.of(3, 0, 5, 1, 2, 4);
  const { weight, numbers } = stored('Q4_K', order);
  const plan = planFewBits(weight, 'auto', 256, false)!;
  const matrix = { weight, layout: 'outputs-first' } as const;
  const plain = { ...matrix, weight: stored('Q4_K').weight };
  const read = numbersOf(await readFewBits([matrix, plain], plan, refuse), plan);
  const expected = Float32Array.from([
    ...Array.from(order, (row) => [...numbers.subarray(row * 256, (row + 1) * 256)]).flat(),
    ...numbers,
  ]);
  expect(difference(read, expected)).toBeLessThan(1e-6 * largest(numbers));
});

describe('rounding', () => {
  const random = new Random(3);
  const numbers = Float32Array.from({ length: 6 * 256 }, () => random.normal());
  it.each([
    ['q8', 8, 0.02],
    ['q4', 4, 0.35],
  ] as const)('%s of floats, stored by rows or by columns', async (dtype, bits, tolerance) => {
    const weight = floats(numbers, [6, 256]);
    const plan = planFewBits(weight, dtype, 256, false)!;
    expect(plan).toEqual({ bits, groupSize: 32, hasOffsets: false });
    const byRows = await readFewBits([{ weight, layout: 'outputs-first' }], plan, refuse);
    expect(difference(numbersOf(byRows, plan), numbers)).toBeLessThan(tolerance);
    const columns = Float32Array.from(
      numbers,
      (_, i) => numbers[(i % 6) * 256 + Math.floor(i / 6)]!,
    );
    const turned = floats(columns, [256, 6]);
    const byColumns = await readFewBits([{ weight: turned, layout: 'inputs-first' }], plan, refuse);
    expect(byColumns).toEqual(byRows);
  });

  it('leaves blocks of no more bits, and makes 4 of 8', () => {
    const plan = (type: string, dtype: 'q8' | 'q4', isTable = false) =>
      planFewBits(stored(type).weight, dtype, 256, isTable)!;
    expect(plan('Q4_1', 'q8')).toEqual({ bits: 4, groupSize: 32, hasOffsets: true });
    expect(plan('Q6_K', 'q8')).toEqual({ bits: 8, groupSize: 16, hasOffsets: false });
    expect(plan('Q8_0', 'q4')).toEqual({ bits: 4, groupSize: 32, hasOffsets: false });
    expect(plan('Q8_0', 'q4', true)).toEqual({ bits: 8, groupSize: 32, hasOffsets: false });
  });

  it('leaves float32 what does not fit, and what nobody asked for', () => {
    const weight = floats(numbers, [64, 24]);
    expect(planFewBits(weight, 'q8', 24, false)).toBeNull();
    expect(planFewBits(floats(numbers, [6, 256]), 'auto', 256, false)).toBeNull();
    expect(planFewBits(stored('Q4_0').weight, 'fp32', 256, false)).toBeNull();
  });
});
