import { expect, it } from 'vitest';

const numbers = Array.from({ length: 40 }, (_, i) => i);
const changed = (at: number, value: number) => numbers.with(at, value);

// `quick-equality.ts` is set up for every test of the repository, so for these too.
it('finds equal what is the same, and nothing else', () => {
  const floats = Float32Array.from(numbers);
  expect({ list: [floats] }).toStrictEqual({ list: [floats.slice()] });
  expect(floats.with(3, Number.NaN)).toEqual(floats.with(3, Number.NaN));
  expect(Buffer.from(numbers)).toEqual(Buffer.from(numbers));
  expect(new Float32Array(99).subarray(1, 9)).toEqual(new Float32Array(8));
  expect(numbers.map(String)).toStrictEqual(numbers.map(String));

  expect(floats.with(39, 1)).not.toEqual(floats);
  expect(floats).not.toEqual(floats.subarray(1));
  expect(floats.with(0, -0)).not.toEqual(floats);
  expect(new Uint8Array(8)).not.toEqual(new Float32Array(2));
  expect(new Int32Array(2)).not.toEqual(new Float32Array(2));
  expect(changed(39, 1)).not.toEqual(numbers);
  expect(changed(0, -0)).not.toEqual(numbers);
  expect(numbers.slice(1)).not.toEqual(numbers);
  expect(numbers.map(String)).not.toEqual(numbers);
  expect(new Array(40)).not.toStrictEqual(new Array(40).fill(undefined));
  expect(new Array(40)).not.toEqual(numbers);
  expect(numbers.map((i) => [i])).not.toEqual(numbers.map((i) => [i + 1]));
});

it('asks for no properties where the elements are the same', () => {
  let asked = 0;
  const ownKeys = (list: number[]) => {
    asked++;
    return Reflect.ownKeys(list);
  };
  expect(new Proxy(numbers, { ownKeys })).toEqual([...numbers]);
  expect(asked).toBe(0); // it is asked without the setup
});
