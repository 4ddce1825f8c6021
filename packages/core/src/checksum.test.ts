import { expect, it } from 'vitest';
import { checksum } from './checksum.js';

it('sums as CRC-32 does, over pieces as over the whole', () => {
  const bytes = new TextEncoder().encode('123456789');
  expect(checksum([bytes])).toBe('cbf43926');
  expect(checksum([bytes.subarray(0, 4), bytes.subarray(4)])).toBe('cbf43926');
});
