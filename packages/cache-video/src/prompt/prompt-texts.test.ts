import { expect, it } from 'vitest';
import { idefics3Layout } from './idefics3-layout.js';
import { numberInWords } from './number-in-words.js';

it('spells numbers as the prompts that SmolVLM was trained on', () => {
  const words = [
    ...([
      [0, 'zero'],
      [7, 'seven'],
      [13, 'thirteen'],
      [20, 'twenty'],
      [64, 'sixty-four'],
    ] as const),
    ...([
      [100, 'one hundred'],
      [101, 'one hundred and one'],
      [999, 'nine hundred and ninety-nine'],
    ] as const),
    ...([
      [1000, 'one thousand'],
      [1001, 'one thousand and one'],
    ] as const),
    ...([[1234, 'one thousand, two hundred and thirty-four']] as const),
    ...([[20_000, 'twenty thousand']] as const),
  ] as const;
  for (const [number, text] of words) expect(numberInWords(number)).toBe(text);
});

it('writes times as hours, minutes and seconds', () => {
  const layout = idefics3Layout();
  expect(layout.introduction({ frames: 64, duration: 3725.9 })).toBe(
    'You are provided the following series of sixty-four frames from a 1:02:05 [H:MM:SS] video.\n',
  );
  const image = { tiles: [], rows: 0, columns: 0 };
  const label = (time: number) => layout.frame(image, time).before[0];
  expect(label(59.99)).toBe('\nFrame from 00:59:<fake_token_around_image><global-img>');
  expect(label(6000)).toBe('\nFrame from 100:00:<fake_token_around_image><global-img>');
  expect(layout.introduction(null)).not.toMatch(/\d/);
});
