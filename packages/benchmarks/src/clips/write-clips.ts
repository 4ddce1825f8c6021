import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clip } from './clip.js';
import { clipFrameSize, clipNoise, clipPalette, paintClipFrame } from './draw-clip-frame.js';

/**
 * Writes clips for programs in other languages: `NAME.jsonl` has one clip a line, with the number of each frame's picture
 * in `pictures`; `NAME.bin` the pictures, each once and without noise, a byte per pixel that is its number in the
 * palette; `NAME.json` the size of a picture, the palette and how far noise goes.
 *
 * @param folder is created if missing
 * @param name of the files
 * @returns how many clips and pictures were written
 */
export async function writeClips(
  folder: string,
  name: string,
  clips: Iterable<Clip>,
): Promise<{ readonly clips: number; readonly pictures: number }> {
  await mkdir(folder, { recursive: true });
  const known = new Map<string, number>();
  let count = 0;
  const file = (ending: string) => createWriteStream(join(folder, `${name}.${ending}`));
  const pictures = file('bin');
  const failed = new Promise<never>((_, reject) => pictures.once('error', reject));
  failed.catch(() => {});
  async function* lines() {
    for (const clip of clips) {
      const numbers: number[] = [];
      for (let frame = 0; frame < clip.length; frame++) {
        const painted = paintClipFrame(clip, frame);
        const key = Buffer.from(painted).toString('latin1');
        const number = known.get(key) ?? known.size;
        if (number === known.size) {
          known.set(key, number);
          const isFull = !pictures.write(painted);
          if (isFull) {
            const drained = new Promise<void>((resolve) => pictures.once('drain', () => resolve()));
            await Promise.race([drained, failed]);
          }
        }
        numbers.push(number);
      }
      count++;
      yield `${JSON.stringify({ ...clip, pictures: numbers })}\n`;
    }
  }
  await pipeline(lines, file('jsonl'));
  await new Promise<void>((resolve, reject) => {
    pictures.once('error', reject);
    pictures.end(() => resolve());
  });
  const facts = { size: clipFrameSize, palette: clipPalette, noise: clipNoise };
  await pipeline([JSON.stringify(facts)], file('json') as Writable);
  return { clips: count, pictures: known.size };
}
