import { windowSize } from '../stft.js';

/** A token with all the attention it ever received. */
export interface SlowToken {
  /** Query it was born with. */
  readonly born: number;
  /** Attention per query of the sequence, from query 0 on. */
  readonly column: number[];
}

/**
 * The published formulas, written out in double precision with no thought of speed: the whole column of a
 * token at once, complex exponentials, an explicit mask, and no state at all.
 *
 * @returns 17 raw averages of magnitudes after `seen` queries
 */
export function slowSpectrum({ born, column }: SlowToken, seen: number, decay = 0.99): number[] {
  const perFrame = decay ** 16;
  const frames = Math.floor(seen / 16);
  const at = (query: number) => (query < 0 ? 0 : (column[query] ?? 0));
  return Array.from({ length: 17 }, (_, k) => {
    let average = 0;
    for (let frame = 0; frame < frames; frame++) {
      if (frame < Math.floor(born / 16)) continue;
      let real = 0;
      let imaginary = 0;
      for (let n = 0; n < windowSize; n++) {
        const window = 0.5 * (1 - Math.cos((2 * Math.PI * n) / windowSize));
        const angle = (-2 * Math.PI * k * n) / windowSize;
        real += window * at(16 * frame - 16 + n) * Math.cos(angle);
        imaginary += window * at(16 * frame - 16 + n) * Math.sin(angle);
      }
      average += perFrame ** (frames - 1 - frame) * (1 - perFrame) * Math.hypot(real, imaginary);
    }
    return average;
  });
}
