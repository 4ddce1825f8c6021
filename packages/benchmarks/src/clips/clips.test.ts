import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { answerClipQuestion } from './answer-clip-question.js';
import type { Clip, ClipEvent } from './clip.js';
import { clipKinds } from './clip-kinds.js';
import { clipColours, clipPlaces, clipShapes, clipWords } from './clip-words.js';
import { clipFrameSize, clipFrames, clipPalette, paintClipFrame } from './draw-clip-frame.js';
import { generateClip } from './generate-clip.js';
import { writeClips } from './write-clips.js';

const options = fc.record({
  length: fc.integer({ min: 2, max: 90 }),
  split: fc.constantFrom('train' as const, 'development' as const, 'test' as const),
  seed: fc.nat(),
  index: fc.nat({ max: 10_000 }),
});

/** What comes in a clip, told from its noisy pixels alone. */
function watch(clip: Clip): ClipEvent[] {
  const events: ClipEvent[] = [];
  const half = clipFrameSize / 2;
  for (const { timestamp, rgb } of clipFrames(clip)) {
    const nearest = (at: number) => {
      const distances = clipPalette.map((colour) =>
        Math.hypot(...colour.map((value, c) => value - rgb[3 * at + c]!)),
      );
      return distances.indexOf(Math.min(...distances));
    };
    const seen = Array.from({ length: clipFrameSize ** 2 }, (_, at) => nearest(at));
    const coloured = seen.find((value) => value > 2);
    if (coloured === undefined) continue;
    const quarters = clipPlaces.map((_, q) =>
      seen.filter((_, at) => {
        const [x, y] = [at % clipFrameSize, Math.floor(at / clipFrameSize)];
        return Number(y >= half) * 2 + Number(x >= half) === q;
      }),
    );
    const place = quarters.findIndex((quarter) => quarter.includes(coloured));
    // Shapes differ in how many pixels they cover.
    const covered = quarters[place]!.filter((value) => value === coloured).length;
    const shape = clipShapes.find((each) => coverage(each) === covered)!;
    const event = {
      colour: Object.keys(clipColours)[coloured - 3] as ClipEvent['colour'],
      ...{ shape, place: clipPlaces[place]!, frame: timestamp, frames: 1 },
      isBright: seen.includes(1),
    };
    const last = events.at(-1);
    if (last && last.frame + last.frames === timestamp) {
      events[events.length - 1] = { ...last, frames: last.frames + 1 };
    } else {
      events.push(event);
    }
  }
  return events;
}

/** Pixels that a shape covers. */
function coverage(shape: ClipEvent['shape']): number {
  const event = { shape, colour: 'red', place: 'upper left', frame: 0, frames: 1, isBright: false };
  const story = { length: 1, events: [event as ClipEvent], rests: [] };
  return paintClipFrame(story, 0).filter((value) => value > 2).length;
}

it('gives the same clip for the same options, and another one for others', () => {
  const base = { length: 40, split: 'test', seed: 3, index: 5 } as const;
  expect(generateClip(base)).toEqual(generateClip(base));
  for (const other of [{ length: 41 }, { split: 'train' as const }, { seed: 4 }, { index: 6 }]) {
    expect(generateClip({ ...base, ...other }).events).not.toEqual(generateClip(base).events);
  }
  const [one, other] = [generateClip(base), generateClip(base)].map((clip) => [
    ...clipFrames(clip),
  ]);
  expect(one).toEqual(other);
});

it('shows what its list of events says, and asks what can be answered from the pixels', () => {
  expect(new Set(clipShapes.map(coverage)).size).toBe(clipShapes.length);
  fc.assert(
    fc.property(options, (option) => {
      const clip = generateClip({ ...option, length: Math.min(option.length, 30) });
      const watched = watch(clip);
      expect(watched).toEqual(clip.events);
      for (const question of clip.questions) {
        expect(answerClipQuestion(question.text, watched)).toEqual(question.answer);
      }
    }),
    { numRuns: 20 },
  );
});

it('keeps still frames between events, and lights up once, for one frame', () => {
  fc.assert(
    fc.property(options, (option) => {
      const { events, rests, length } = generateClip(option);
      const bright = events.filter(({ isBright }) => isBright);
      expect(bright.map(({ frames }) => frames)).toEqual([1]);
      for (const [i, { frame, frames }] of events.entries()) {
        expect(events[i + 1]?.frame ?? length + 1).toBeGreaterThan(frame + frames);
        expect(frame + frames).toBeLessThanOrEqual(length);
        for (const rest of rests) {
          const apart = rest.frame + rest.frames <= frame || rest.frame >= frame + frames;
          expect(apart).toBe(true);
        }
      }
    }),
  );
});

it('asks every kind of a clip with many events, in words that it lists', () => {
  const all = new Map<string, number>();
  for (let index = 0; index < 50; index++) {
    const { questions } = generateClip({ length: 64, split: 'test', seed: 1, index });
    for (const { kind, text, answer } of questions) {
      all.set(kind, (all.get(kind) ?? 0) + 1);
      const words = `${text} ${answer.join(' ')}`.split(/[ ?,]+/).filter(Boolean);
      expect(words.filter((word) => !clipWords.includes(word))).toEqual([]);
    }
  }
  for (const { name } of clipKinds) expect(all.get(name)).toBeGreaterThan(20);
  expect(clipKinds.filter(({ isHeldOut }) => isHeldOut)).toHaveLength(2);
});

it('refuses what cannot be', () => {
  const base = { length: 40, split: 'test', seed: 3, index: 5 } as const;
  for (const wrong of [
    ...[{ length: 1 }, { length: 2.5 }, { length: 1e6 }, { events: 0 }, { events: 13 }],
    ...[{ length: 6, events: 4 }, { seed: -1 }, { index: -1 }, { split: 'tset' as 'test' }],
    { lenght: 3 } as object,
  ]) {
    expect(() => generateClip({ ...base, ...wrong })).toThrow(InvalidArgumentError);
  }
});

it('answers nothing that no clip asks', () => {
  const { events } = generateClip({ length: 40, split: 'test', seed: 3, index: 5 });
  expect(() => answerClipQuestion('Who came?', events)).toThrow(InvalidArgumentError);
});

it('writes files that another program can read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'namm-clips-'));
  try {
    const clips = [0, 1].map((index) =>
      generateClip({ length: 12, split: 'train', seed: 1, index }),
    );
    const written = await writeClips(join(folder, 'new'), 'some', clips);
    const read = (ending: string) => readFile(join(folder, 'new', `some.${ending}`));
    const lines = (await read('jsonl')).toString().trim().split('\n');
    const pictures = await read('bin');
    expect(written).toEqual({ clips: 2, pictures: pictures.length / clipFrameSize ** 2 });
    expect(JSON.parse((await read('json')).toString()).palette).toEqual(clipPalette);
    for (const [i, line] of lines.entries()) {
      const { pictures: numbers, ...clip } = JSON.parse(line);
      expect(clip).toEqual(clips[i]);
      for (const [frame, number] of numbers.entries()) {
        const size = clipFrameSize ** 2;
        const picture = pictures.subarray(number * size, (number + 1) * size);
        expect(Uint8Array.from(picture)).toEqual(paintClipFrame(clips[i]!, frame));
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
