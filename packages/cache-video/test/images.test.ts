import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '@namm/core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { clipPixels } from '../src/images/clip-pixels.js';
import { idefics3Processor } from '../src/images/idefics3-processor.js';
import { type Filter, type Picture, resize } from '../src/images/resize.js';
import { FrameError, FrameSourceError, openFrames } from '../src/index.js';
import { checkFrame } from '../src/sources/frame.js';
import { collect, noise, temporaryFolder } from './helpers.js';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const [picture] = noise(1, { width: 37, height: 23 }) as unknown as [Picture];

/** The same, pixel by pixel from the definition of the filter, without passes; so it rounds once instead of twice. */
function slowResize(
  from: Picture,
  width: number,
  height: number,
  weight: (x: number) => number,
  reach: number,
) {
  const taps = (i: number, source: number, target: number) => {
    const scale = source / target;
    const spread = Math.max(1, scale);
    const centre = (i + 0.5) * scale;
    const own: [number, number][] = [];
    for (let x = 0; x < source; x++) {
      if (x >= Math.trunc(centre + reach * spread + 0.5)) continue;
      if (x < Math.trunc(centre - reach * spread + 0.5)) continue;
      own.push([x, weight((x + 0.5 - centre) / spread)]);
    }
    const sum = own.reduce((total, [, each]) => total + each, 0);
    return own.map(([x, each]) => [x, each / sum] as const);
  };
  const rgb: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (const [row, down] of taps(y, from.height, height)) {
          for (const [column, across] of taps(x, from.width, width)) {
            sum += down * across * from.rgb[(row * from.width + column) * 3 + channel]!;
          }
        }
        rgb.push(Math.max(0, Math.min(255, sum)));
      }
    }
  }
  return rgb;
}

const lanczos = (x: number) => {
  const sinc = (t: number) => (t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t));
  return sinc(x) * sinc(x / 3);
};

/** Nothing is cut off at 0 or 255 between the passes. */
const pale = { ...picture, rgb: picture.rgb.map((value) => 100 + value / 5) };

describe('resize', () => {
  it('filters as the definition says, up to rounding between its passes', () => {
    for (const [width, height] of [
      [12, 9],
      [50, 60],
      [37, 5],
    ] as const) {
      const slow = slowResize(pale, width, height, lanczos, 3);
      const fast = resize(pale, width, height, 'lanczos').rgb;
      const worst = Math.max(...slow.map((value, i) => Math.abs(value - fast[i]!)));
      expect(worst).toBeLessThan(1.6);
      const mean = slow.reduce((sum, value, i) => sum + value - fast[i]!, 0) / slow.length;
      expect(Math.abs(mean)).toBeLessThan(0.3);
    }
  });

  it('leaves one colour as it is, and makes any part of the result alone', () => {
    const grey = { width: 5, height: 7, rgb: new Uint8Array(105).fill(119) };
    for (const filter of ['bilinear', 'bicubic', 'lanczos'] as Filter[]) {
      expect(new Set(resize(grey, 16, 3, filter).rgb)).toEqual(new Set([119]));
      const whole = resize(picture, 20, 31, filter);
      const window = { left: 3, top: 11, width: 9, height: 6 };
      const part = resize(picture, 20, 31, filter, window);
      for (let y = 0; y < 6; y++) {
        const start = ((11 + y) * 20 + 3) * 3;
        expect(part.rgb.subarray(y * 27, (y + 1) * 27)).toEqual(
          whole.rgb.subarray(start, start + 27),
        );
      }
    }
  });
});

describe('processors', () => {
  const scale = { rescale: 1 / 255, mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] };

  it('take frames of any size and shape', () => {
    const clip = { shortestEdge: 18, crop: 16, filter: 'bicubic', scale } as const;
    const [frame, image] = [16, 32].map((edge) => ({ edge, filter: 'lanczos', scale }) as const);
    const smolvlm = idefics3Processor({ frame: frame!, image: image!, tile: 16, splits: true });
    for (const [width, height] of [
      [1, 1],
      [1, 4000],
      [4000, 1],
      [17, 3],
      [16, 16],
    ] as const) {
      const [shown] = noise(1, { width, height }) as unknown as [Picture];
      for (const tiles of [[clipPixels(shown, clip)], smolvlm.frame(shown).tiles]) {
        expect(tiles.map(({ length }) => length)).toEqual([3 * 16 * 16]);
        expect(tiles[0]!.every((value) => value >= -1 && value <= 1)).toBe(true);
      }
      const { tiles, rows, columns } = smolvlm.image(shown);
      expect(tiles).toHaveLength(rows === 0 ? 1 : rows * columns + 1);
    }
  });

  it('cut the middle of the longer edge', () => {
    const rgb = new Uint8Array(30 * 10 * 3);
    for (let y = 0; y < 10; y++) rgb.fill(255, (y * 30 + 10) * 3, (y * 30 + 20) * 3);
    const clip = { shortestEdge: 10, crop: 10, filter: 'bilinear', scale } as const;
    const pixels = clipPixels({ width: 30, height: 10, rgb }, clip);
    expect(new Set(pixels)).toEqual(new Set([1]));
  });

  // int(margin / 2) of transformers 5.23
  it.each([
    [16, 0],
    [17, 0],
    [18, 1],
    [19, 1],
    [21, 2],
    [23, 3],
  ])('of a width of %i, 16 columns from column %i on', (width, first) => {
    const rgb = Uint8Array.from({ length: width * 16 * 3 }, (_, i) => Math.floor(i / 3) % width);
    const bytes = { rescale: 1, mean: [0, 0, 0], deviation: [1, 1, 1] };
    const clip = { shortestEdge: 16, crop: 16, filter: 'bicubic', scale: bytes } as const;
    const pixels = clipPixels({ width, height: 16, rgb }, clip);
    expect([...pixels.subarray(0, 16)]).toEqual(Array.from({ length: 16 }, (_, x) => first + x));
  });
});

describe('sources of images', () => {
  const png = (name: string, options: Parameters<typeof sharp>[1] & object) =>
    sharp(options).png().toFile(at(name));
  const plain = { width: 6, height: 4, channels: 3, background: 'red' } as const;

  it('reads folders in the order of their numbers, and passes over what is broken in them', async () => {
    const frames = join(folder, 'frames');
    mkdirSync(frames);
    for (const [i, background] of ['#0a0000', '#140000', '#1e0000'].entries()) {
      await sharp({ create: { ...plain, background } })
        .png()
        .toFile(join(frames, `f${i * 5 + 1}.png`));
    }
    writeFileSync(join(frames, 'f7.png'), 'no image');
    writeFileSync(join(frames, 'f8.png'), '');
    writeFileSync(join(frames, 'readme.txt'), 'no image either');
    writeFileSync(join(frames, '._f1.png'), 'what a Mac keeps beside f1.png');
    const problems: string[] = [];
    const source = await openFrames(frames, { framesPerSecond: 2 });
    const read = source.read({ onProblem: ({ message }) => problems.push(message) });
    const all = await collect(read);
    expect(all.map(({ rgb, timestamp }) => [rgb[0], timestamp])).toEqual([
      ...[
        [10, 0],
        [20, 0.5],
        [30, 2],
      ],
    ]);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain('f7.png');
    expect(problems[1]).toContain('f8.png: is empty');
    expect((await source.facts())!.timestamps).toEqual([0, 0.5, 1, 1.5, 2]);
  });

  it('keeps the times of a folder in which some pictures are of formats that are not read', async () => {
    const frames = join(folder, 'formats');
    mkdirSync(frames);
    const jpeg = await sharp({ create: plain }).jpeg().toBuffer();
    writeFileSync(join(frames, 'f1.jfif'), jpeg);
    writeFileSync(join(frames, 'f2.PPM'), `P6 1 1 255\nabc`);
    writeFileSync(join(frames, 'f10.jpe'), jpeg);
    const problems: string[] = [];
    const source = await openFrames(frames);
    const all = await collect(source.read({ onProblem: ({ message }) => problems.push(message) }));
    expect(all.map(({ timestamp }) => timestamp)).toEqual([0, 2]);
    expect(problems).toEqual([expect.stringMatching(/f2\.PPM: .*convert it to PNG/)]);
    const photos = join(folder, 'photos');
    mkdirSync(photos);
    writeFileSync(join(photos, 'a.heic'), 'no image');
    const read = openFrames(photos).then((opened) => collect(opened.read()));
    await expect(read).rejects.toThrow(/a\.heic.*convert it to PNG/);
  });

  it('reads grey, transparent, turned and 16-bit images as red, green and blue', async () => {
    await sharp({ create: plain }).greyscale().png().toFile(at('grey.png'));
    await png('clear.png', { create: { ...plain, channels: 4, background: '#ff000080' } });
    await sharp({ create: plain }).toColourspace('rgb16').png().toFile(at('deep.png'));
    await sharp({ create: plain }).withMetadata({ orientation: 6 }).jpeg().toFile(at('turned.jpg'));
    for (const name of ['grey.png', 'clear.png', 'deep.png', 'turned.jpg']) {
      const [frame] = await collect((await openFrames(at(name))).read());
      const isTurned = name === 'turned.jpg';
      expect([frame!.width, frame!.height], name).toEqual(isTurned ? [4, 6] : [6, 4]);
      expect(frame!.rgb, name).toHaveLength(6 * 4 * 3);
      if (!isTurned && name !== 'grey.png')
        expect([...frame!.rgb.subarray(0, 3)]).toEqual([255, 0, 0]);
    }
  });

  it('reads images for print, and the pages of a document as pictures of their own', async () => {
    const create = { ...plain, background: '#c86432' } as const;
    await sharp({ create }).toColourspace('lab').tiff().toFile(at('lab.tif'));
    await sharp({ create }).toColourspace('cmyk').jpeg({ quality: 100 }).toFile(at('print.jpg'));
    for (const [name, most] of [
      ['lab.tif', 1],
      ['print.jpg', 40], // ink cannot show all that light can
    ] as const) {
      const [frame] = await collect((await openFrames(at(name))).read());
      expect(frame!.rgb).toHaveLength(6 * 4 * 3);
      for (const [i, value] of [200, 100, 50].entries()) {
        expect(Math.abs(frame!.rgb[i]! - value), name).toBeLessThanOrEqual(most);
      }
    }
    const stack = Buffer.from(Array.from({ length: 6 * 12 * 3 }, (_, i) => Math.floor(i / 72)));
    const raw = { width: 6, height: 12, channels: 3, pageHeight: 4 } as const;
    await sharp(stack, { raw }).tiff().toFile(at('pages.tif'));
    const source = await openFrames(at('pages.tif'));
    const pages = await collect(source.read());
    expect([source.kind, pages.map(({ rgb }) => rgb[0])]).toEqual(['images', [0, 1, 2]]);
  });

  it('names an image that is cut off or too large, and an address', async () => {
    const [frame] = noise(1, { width: 40, height: 40 });
    const raw = { width: 40, height: 40, channels: 3 } as const;
    for (const type of ['png', 'jpeg', 'webp'] as const) {
      const bytes = await sharp(frame!.rgb, { raw })[type]().toBuffer();
      const file = at(`cut.${type}`);
      writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length / 2)));
      const reading = openFrames(file).then((source) => collect(source.read()));
      await expect(reading, type).rejects.toThrow(FrameSourceError);
      await expect(reading, type).rejects.toThrow(`${file}: cannot be read as an image`);
      await expect(reading, type).rejects.not.toThrow(/failOn/);
    }
    const large = { create: { ...plain, width: 16384, height: 4100 } } as const;
    await sharp(large).png().toFile(at('large.png'));
    const reading = openFrames(at('large.png')).then((source) => collect(source.read()));
    await expect(reading).rejects.toThrow(/large\.png: .*more than 67108864 pixels; scale it down/);
    const address = openFrames('https://localhost/a.mp4');
    await expect(address).rejects.toThrow(/is an address; download it first/);
  });

  it('reads animations with the times of their frames', async () => {
    const stack = Buffer.alloc(6 * 12 * 3);
    for (let i = 0; i < 6 * 12; i++) stack[i * 3 + Math.floor(i / 24)] = 255;
    for (const type of ['gif', 'webp'] as const) {
      const file = at(`moving.${type}`);
      const raw = { width: 6, height: 12, channels: 3, pageHeight: 4 } as const;
      const image = sharp(stack, { raw });
      const delay = [200, 300, 100];
      await (type === 'gif' ? image.gif({ delay }) : image.webp({ delay, lossless: true })).toFile(
        file,
      );
      const source = await openFrames(file);
      const frames = await collect(source.read());
      expect(frames.map(({ timestamp }) => timestamp)).toEqual([0, 0.2, 0.5]);
      expect(frames.map(({ rgb }) => [...rgb.subarray(0, 3)])).toEqual([
        ...[
          [255, 0, 0],
          [0, 255, 0],
          [0, 0, 255],
        ],
      ]);
      const { duration } = (await source.facts())!;
      expect([source.kind, duration]).toEqual(['video', 0.6]);
    }
  });

  it('gives the frames of an animation that is cut off, and counts those that are lost', async () => {
    const [width, height, pages] = [24, 24, 12];
    const frames = noise(1, { width, height: height * pages });
    const raw = { width, height: height * pages, channels: 3, pageHeight: height } as const;
    const delay = Array.from({ length: pages }, () => 100);
    const whole = await sharp(frames[0]!.rgb, { raw }).gif({ delay }).toBuffer();
    writeFileSync(at('half.gif'), whole.subarray(0, Math.floor(whole.length * 0.6)));
    const problems: string[] = [];
    const source = await openFrames(at('half.gif'));
    const read = source.read({ onProblem: ({ message }) => problems.push(message) });
    const all = await collect(read);
    expect(all.length).toBeGreaterThan(0);
    expect(all.length + problems.length).toBe((await source.facts())!.timestamps.length);
    for (const message of problems) expect(message).toContain(`${at('half.gif')}, frame `);
  });

  it('refuses frames of a caller whose times go back', async () => {
    const frames = noise(3).map((frame, i) => ({ ...frame, timestamp: [0, 2, 1][i]! }));
    async function* stream() {
      yield* frames;
    }
    await expect((await openFrames(frames)).facts()).rejects.toThrow(/1 s comes after one at 2 s/);
    await expect(collect((await openFrames(stream())).read())).rejects.toThrow(FrameError);
  });

  it('names what cannot be read, and says what to do', async () => {
    writeFileSync(at('broken.png'), 'no image');
    writeFileSync(at('empty.png'), '');
    await png('cut.png', { create: { ...plain, width: 900, height: 900 } });
    writeFileSync(at('cut.png'), readFileSync(at('cut.png')).subarray(0, 900));
    mkdirSync(at('nothing'));
    for (const name of ['broken.png', 'empty.png', 'cut.png', 'nothing', 'none.png']) {
      const read = openFrames(at(name)).then((source) => collect(source.read()));
      await expect(read, name).rejects.toThrow(FrameSourceError);
      await expect(read, name).rejects.toThrow(at(name));
    }
    await expect(openFrames([at('none.png')])).rejects.toThrow(at('none.png'));
    await expect(openFrames(7 as never)).rejects.toThrow(/source/);
    await expect(openFrames(at('cut.png'), { fps: 2 } as never)).rejects.toThrow(/fps/);
  });

  it('refuses enormous images before they are decoded', async () => {
    // 20,000 × 20,000 of one colour: a file of a few kilobytes.
    const line = await sharp({ create: { ...plain, width: 9000, height: 9000 } })
      .png()
      .toBuffer();
    writeFileSync(at('large.png'), line);
    const read = openFrames(at('large.png')).then((source) => collect(source.read()));
    await expect(read).rejects.toThrow(/scale it down/);
  });

  it('refuses frames of a caller that are none', () => {
    const [frame] = noise(1);
    const random = new Random(1);
    for (const change of [
      ...[{ width: 0 }, { width: 1.5 }, { height: 13 }, { rgb: new Uint8Array(3) }],
      ...[{ rgb: [1, 2, 3] }, { timestamp: Number.NaN }, { timestamp: -random.uniform() }],
      ...[{ width: 100_000, height: 100_000 }],
    ]) {
      expect(() => checkFrame({ ...frame!, ...change } as never)).toThrow(FrameError);
    }
  });
});
