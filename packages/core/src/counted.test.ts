import { expect, it } from 'vitest';
import { counted } from './counted.js';

it('counts', () => {
  expect([0, 1, 2].map((count) => counted(count, 'video'))).toEqual([
    '0 videos',
    '1 video',
    '2 videos',
  ]);
});
