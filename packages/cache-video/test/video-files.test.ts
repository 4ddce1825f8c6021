import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FfmpegMissingError, FrameSourceError } from '../src/errors.js';
import { openFrames, sampleFrames } from '../src/index.js';
import { VideoFile } from '../src/sources/video-file.js';
import { collect, ffmpeg, framesOf, makeClip, processesWith, temporaryFolder } from './helpers.js';

const folder = temporaryFolder();
const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;
const at = (name: string) => join(folder, name);

describe.skipIf(!hasFfmpeg)('a video file', () => {
  it('has its frames, their times, and the same pixels as its frames as images', async () => {
    for (const [name, args] of [
      ['a.mp4', ['-c:v', 'libx264', '-pix_fmt', 'yuv420p']],
      ['a.webm', ['-c:v', 'libvpx', '-b:v', '1M']],
      ['a.mkv', ['-c:v', 'ffv1', '-output_ts_offset', '0.003']],
    ] as const) {
      const clip = makeClip(at(name), { args: [...args] });
      const source = await openFrames(clip);
      const { timestamps, duration } = (await source.facts())!;
      expect(timestamps).toHaveLength(20);
      for (const [i, time] of timestamps.entries()) expect(time).toBeCloseTo(i / 5, 2);
      expect(duration).toBeCloseTo(4, 2);
      const indices = sampleFrames({ timestamps, duration }, { kind: 'uniform', count: 8 });
      expect(indices).toEqual([0, 3, 5, 8, 11, 14, 16, 19]);
      const frames = await collect(source.read({ indices }));
      expect(frames.map(({ timestamp }) => timestamp)).toEqual(indices.map((i) => timestamps[i]));
      const images = await openFrames(framesOf(clip, at(`${name}-frames`)), { framesPerSecond: 5 });
      const same = await collect(images.read({ indices }));
      expect(same.map(({ rgb, width, height }) => [width, height, Buffer.from(rgb)])).toEqual(
        frames.map(({ rgb, width, height }) => [width, height, Buffer.from(rgb)]),
      );
    }
  });

  it('gives every frame, or so many per second, and stops when nobody wants more', async () => {
    const source = await openFrames(makeClip(at('rate.mkv'), { args: ['-c:v', 'ffv1'] }));
    expect(await collect(source.read())).toHaveLength(20);
    const slow = await collect(source.read({ atMostPerSecond: 1 }));
    expect(slow.map(({ timestamp }) => timestamp)).toEqual([0, 1, 2, 3]);
    for await (const _ of source.read()) break;
    expect(processesWith('rate.mkv')).toEqual([]);
    const stop = new AbortController();
    const reading = source.read({ signal: stop.signal });
    await reading.next();
    stop.abort(new Error('enough'));
    await expect(collect(reading)).rejects.toThrow('enough');
    expect(processesWith('rate.mkv')).toEqual([]);
  });

  it('has the line of each frame written before its pixels', async () => {
    // With more than one thread ffmpeg hands raw frames over when it likes: pixels that come first are waited for by nobody.
    const source = await openFrames(
      makeClip(at('order.mkv'), { size: '640x480', args: ['-c:v', 'ffv1'] }),
    );
    const reading = source.read();
    await reading.next();
    const [command] = processesWith('order.mkv');
    await reading.return(undefined);
    const [, lines, pixels] = command!.split(/-i file:\S+|pipe:3/);
    for (const output of [lines, pixels]) expect(output).toContain(' -threads 1 ');
  });

  it('ends at once when it is stopped, also while nothing comes', async () => {
    const pipe = at('nothing-comes.mkv');
    execFileSync('mkfifo', [pipe]);
    const source = new VideoFile(pipe);
    const reasons = ['enough frames', 'enough facts'];
    const stops = reasons.map(() => new AbortController());
    const reading = collect(source.read({ signal: stops[0]!.signal }));
    const both = Promise.allSettled([reading, source.facts(stops[1]!.signal)]);
    while (processesWith('nothing-comes.mkv').length < 2) await setTimeout(20);
    for (const [i, stop] of stops.entries()) stop.abort(new Error(reasons[i]));
    const ends = await both;
    expect(ends.map((end) => (end.status === 'rejected' ? end.reason.message : null))).toEqual(
      reasons,
    );
    while (processesWith('nothing-comes.mkv').length > 0) await setTimeout(20);
  });

  it('refuses frames of more pixels than there may be, and says what to do', async () => {
    const large = at('large.mkv');
    const source = 'color=c=red:size=16384x4100:rate=1:duration=1';
    ffmpeg('-f', 'lavfi', '-i', source, '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', large);
    const reading = collect((await openFrames(large)).read());
    await expect(reading).rejects.toThrow(FrameSourceError);
    await expect(reading).rejects.toThrow(/large\.mkv.*16384 × 4100 are too large; scale/);
    expect(processesWith('large.mkv')).toEqual([]);
  });

  it('shows turned videos upright, and odd sizes as they are', async () => {
    makeClip(at('flat.mp4'), { size: '64x48', args: ['-c:v', 'libx264', '-pix_fmt', 'yuv420p'] });
    ffmpeg('-i', at('flat.mp4'), '-c', 'copy', '-metadata:s:v', 'rotate=90', at('turned.mp4'));
    const [turned] = await collect((await openFrames(at('turned.mp4'))).read({ indices: [0] }));
    expect([turned!.width, turned!.height]).toEqual([48, 64]);
    const odd = makeClip(at('odd.mkv'), { size: '17x3', args: ['-c:v', 'ffv1'] });
    const [first] = await collect((await openFrames(odd)).read({ indices: [0] }));
    expect([first!.width, first!.height]).toEqual([17, 3]);
  });

  it('takes the stream that the file prefers, beside others and sound', async () => {
    ffmpeg(
      ...['-f', 'lavfi', '-i', 'testsrc=size=32x32:rate=5:duration=1'],
      ...['-f', 'lavfi', '-i', 'testsrc=size=64x64:rate=5:duration=2'],
      ...['-f', 'lavfi', '-i', 'sine=duration=2', '-map', '0', '-map', '1', '-map', '2'],
      ...['-disposition:v:0', '0', '-disposition:v:1', 'default'],
      ...['-c:v', 'ffv1', at('several.mkv')],
    );
    const frames = await collect((await openFrames(at('several.mkv'))).read());
    expect([frames.length, frames[0]!.width]).toEqual([10, 64]);
  });

  it('names a file that is not a video, cut off or empty, and says what to do', async () => {
    writeFileSync(at('text.mp4'), 'no video');
    writeFileSync(at('empty.mp4'), '');
    // Its index stands at its end, so that nothing can be read without it.
    makeClip(at('whole.mp4'), { args: ['-c:v', 'libx264', '-pix_fmt', 'yuv420p'] });
    writeFileSync(at('cut.mp4'), readFileSync(at('whole.mp4')).subarray(0, 3000));
    for (const name of ['text.mp4', 'empty.mp4', 'cut.mp4', 'none.mp4']) {
      const opened = openFrames(at(name)).then((source) => source.facts());
      await expect(opened).rejects.toThrow(FrameSourceError);
      await expect(opened).rejects.toThrow(at(name));
    }
    ffmpeg('-f', 'lavfi', '-i', 'sine=duration=1', at('sound.wav'));
    const sound = await openFrames(at('sound.wav'));
    await expect(sound.facts()).rejects.toThrow(/holds no pictures, only sound/);
    await expect(collect(sound.read())).rejects.toThrow(at('sound.wav'));
  });

  it('counts damaged frames, and gives the rest', async () => {
    const clip = makeClip(at('good.avi'), { args: ['-c:v', 'mpeg4', '-g', '1'] });
    const bytes = readFileSync(clip);
    for (let i = Math.floor(bytes.length * 0.4); i < bytes.length * 0.5; i++) bytes[i] = 0x55;
    writeFileSync(at('damaged.avi'), bytes);
    const messages: string[] = [];
    const onProblem = ({ message }: { readonly message: string }) => messages.push(message);
    const frames = await collect((await openFrames(at('damaged.avi'))).read({ onProblem }));
    expect(frames.length).toBeGreaterThan(10);
    expect(messages.length).toBeGreaterThan(0);
    expect(messages[0]).toContain(at('damaged.avi'));
  });

  it('says that a file is cut off where it can be known, and gives what there is', async () => {
    for (const [ending, args] of [
      ['mkv', ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-g', '5']],
      ['mp4', ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-g', '5', '-movflags', '+faststart']],
      ['webm', ['-c:v', 'libvpx', '-b:v', '1M']],
    ] as const) {
      const file = makeClip(at(`long.${ending}`), { seconds: 8, args: [...args] });
      const bytes = readFileSync(file);
      writeFileSync(at(`half.${ending}`), bytes.subarray(0, Math.floor(bytes.length * 0.55)));
      const messages: string[] = [];
      const onProblem = ({ message }: { readonly message: string }) => messages.push(message);
      const frames = await collect((await openFrames(at(`half.${ending}`))).read({ onProblem }));
      expect(frames.length, ending).toBeGreaterThan(5);
      expect(frames.length, ending).toBeLessThan(40);
      const last = messages.at(-1)!;
      expect(last, ending).toContain(`${at(`half.${ending}`)}: damaged`);
      expect(last, ending).toContain(`the file is cut off; it gave ${frames.length} frames`);
    }
  });

  it('keeps the times of frames that come at a rate that changes', async () => {
    const filter = "select='lt(n,10)+not(mod(n,3))'"; // ten a second, then every third of them
    const args = ['-r', '10', '-vf', filter, '-fps_mode', 'vfr', '-c:v', 'ffv1'];
    ffmpeg('-f', 'lavfi', '-i', 'testsrc=size=32x32:rate=10:duration=3', ...args, at('uneven.mkv'));
    const times = [...Array.from({ length: 10 }, (_, i) => i), ...[12, 15, 18, 21, 24, 27]];
    const source = await openFrames(at('uneven.mkv'));
    const tenths = (all: readonly number[]) => all.map((time) => Math.round(time * 1e6) / 1e5);
    expect(tenths((await source.facts())!.timestamps)).toEqual(times);
    const slow = await collect(source.read({ atMostPerSecond: 2 }));
    expect(tenths(slow.map(({ timestamp }) => timestamp))).toEqual([0, 5, 12, 18, 24]);
  });

  it('counts times from the beginning of the file, on where they jump, and behind sound that comes first', async () => {
    const args = ['-c:v', 'mpeg2video'];
    const day = makeClip(at('day.ts'), { args: [...args, '-output_ts_offset', '50000'] });
    const night = makeClip(at('night.ts'), { args: [...args, '-output_ts_offset', '70'] });
    const both = Buffer.concat([day, night].map((path) => readFileSync(path)));
    writeFileSync(at('both.ts'), both);
    const twoTenths = (count: number) => Array.from({ length: count }, (_, i) => i / 5);
    for (const [name, count] of [
      ['day.ts', 20],
      ['both.ts', 40],
    ] as const) {
      const source = await openFrames(at(name));
      const { timestamps, duration } = (await source.facts())!;
      const tenths = (times: readonly number[]) => times.map((time) => Math.round(time * 10) / 10);
      expect(tenths(timestamps)).toEqual(twoTenths(count));
      expect(duration).toBeCloseTo(count / 5, 1);
      const slow = await collect(source.read({ atMostPerSecond: 1 }));
      expect(tenths(slow.map(({ timestamp }) => timestamp))).toEqual(
        Array.from({ length: count / 5 }, (_, i) => i),
      );
    }
    const sound = ['-f', 'lavfi', '-i', 'sine=duration=6', '-map', '0', '-map', '1'];
    ffmpeg('-itsoffset', '2', '-i', at('day.ts'), ...sound, '-c:v', 'ffv1', at('sound-first.mkv'));
    const { timestamps } = (await (await openFrames(at('sound-first.mkv'))).facts())!;
    expect([timestamps.length, Math.round(timestamps[0]! * 10)]).toEqual([20, 20]);
  });

  it('gives as many chosen frames as are wanted', async () => {
    const clip = makeClip(at('many.mkv'), { seconds: 40, size: '16x16', args: ['-c:v', 'ffv1'] });
    const source = await openFrames(clip);
    const { timestamps } = (await source.facts())!;
    expect(timestamps).toHaveLength(200);
    const all = await collect(source.read());
    for (const indices of [
      sampleFrames({ timestamps, duration: 40 }, { kind: 'uniform', count: 64 }),
      sampleFrames({ timestamps, duration: 40 }, { kind: 'uniform', count: 131 }).slice(3, -2),
      all.map((_, i) => i),
    ]) {
      const frames = await collect(source.read({ indices }));
      expect(frames).toEqual(indices.map((i) => all[i]));
    }
    const indices = all.map((_, i) => i).filter((i) => i % 3 !== 0);
    const slow = await collect(source.read({ indices, atMostPerSecond: 1 }));
    const tenths = slow.slice(0, 3).map(({ timestamp }) => Math.round(timestamp * 10));
    expect(tenths).toEqual([2, 14, 26]);
  });

  it('keeps one size where the stream changes its own', async () => {
    const args = ['-c:v', 'mpeg2video'];
    const sizes = ['64x48', '96x96'].map((size) => makeClip(at(`${size}.ts`), { size, args }));
    writeFileSync(at('sizes.ts'), Buffer.concat(sizes.map((path) => readFileSync(path))));
    const frames = await collect((await openFrames(at('sizes.ts'))).read());
    expect(frames.length).toBeGreaterThan(35); // a decoder may lose one at the seam
    for (const { width, height, rgb } of frames) {
      expect([width, height, rgb.length]).toEqual([64, 48, 64 * 48 * 3]);
    }
    // The last is the last of the larger clip, not bytes of two frames.
    const [own] = await collect((await openFrames(at('96x96.ts'))).read({ indices: [19] }));
    const mean = (bytes: Uint8Array) => bytes.reduce((sum, each) => sum + each, 0) / bytes.length;
    expect(Math.abs(mean(frames.at(-1)!.rgb) - mean(own!.rgb))).toBeLessThan(2);
  });

  it('reads an animated PNG as the video that it is, and takes clips of one frame', async () => {
    makeClip(at('moving.png'), { seconds: 1, args: ['-f', 'apng', '-plays', '0'] });
    const moving = await openFrames(at('moving.png'));
    expect([moving.kind, (await collect(moving.read())).length]).toEqual(['video', 5]);
    makeClip(at('still.png'), { seconds: 0.2, args: ['-f', 'apng'] });
    expect((await openFrames(at('still.png'))).kind).toBe('images');
    const short = await openFrames(makeClip(at('short.mkv'), { seconds: 0.2 }));
    const facts = (await short.facts())!;
    expect(facts.timestamps).toEqual([0]);
    for (const sampling of [
      { kind: 'uniform', count: 8 },
      { kind: 'rate', perSecond: 2 },
    ] as const) {
      expect(sampleFrames(facts, sampling)).toEqual([0]);
    }
  });

  it('says that ffmpeg was ended, and by what', async () => {
    const clip = makeClip(at('ended.mkv'), { seconds: 30, size: '320x240' });
    const messages: string[] = [];
    const onProblem = ({ message }: { readonly message: string }) => messages.push(message);
    const end = (name: string) => {
      for (const line of processesWith(name)) process.kill(Number.parseInt(line, 10), 'SIGKILL');
    };
    const source = await openFrames(clip);
    let count = 0;
    for await (const _ of source.read({ onProblem })) if (++count === 3) end('ended.mkv');
    expect(count).toBeGreaterThanOrEqual(3);
    expect(messages).toEqual([
      `${clip}: damaged (1 so far): ffmpeg stopped after ${count} frames: it was ended by SIGKILL`,
    ]);
  });

  it('says that a file is cut off also when its last frame is not wanted', async () => {
    const whole = makeClip(at('to-cut.mkv'), { seconds: 60, size: '160x120', args: ['-g', '5'] });
    const bytes = readFileSync(whole);
    writeFileSync(at('was-cut.mkv'), bytes.subarray(0, Math.floor(bytes.length * 0.5)));
    const source = await openFrames(at('was-cut.mkv'));
    const { timestamps } = (await source.facts())!;
    const messages: string[] = [];
    const onProblem = ({ message }: { readonly message: string }) => messages.push(message);
    expect(await collect(source.read({ indices: [0, 2], onProblem }))).toHaveLength(2);
    const told = `${at('was-cut.mkv')}: damaged (1 so far): the file is cut off; it gave ${timestamps.length} frames`;
    expect(messages).toEqual([told]);
    // Nor does it say that the file gave only those frames that were wanted.
    await collect(source.read({ atMostPerSecond: 1, onProblem }));
    expect(messages).toEqual([told, told]);
  });

  it('says that the file around the frames is torn', async () => {
    const whole = makeClip(at('to-tear.webm'), { seconds: 8, args: ['-c:v', 'libvpx', '-g', '5'] });
    const bytes = readFileSync(whole);
    const middle = Math.floor(bytes.length / 2);
    for (let i = middle; i < middle + bytes.length / 10; i++) bytes[i] = (bytes[i]! * 7 + 13) & 255;
    writeFileSync(at('torn.webm'), bytes);
    const messages: string[] = [];
    const onProblem = ({ message }: { readonly message: string }) => messages.push(message);
    const frames = await collect((await openFrames(at('torn.webm'))).read({ onProblem }));
    expect(frames.length).toBeGreaterThan(10);
    expect(frames.length).toBeLessThan(40);
    expect(messages[0]).toContain(`${at('torn.webm')}: damaged (1 so far)`);
  });

  it('says how to get ffmpeg where there is none; image folders still work', async () => {
    const clip = makeClip(at('path.mp4'), { args: ['-c:v', 'libx264', '-pix_fmt', 'yuv420p'] });
    const images = framesOf(clip, at('path-frames'));
    const path = process.env.PATH;
    process.env.PATH = at('nothing');
    try {
      const source = await openFrames(clip);
      await expect(source.facts()).rejects.toThrow(FfmpegMissingError);
      await expect(collect(source.read())).rejects.toThrow(/apt install ffmpeg/);
      expect(await collect((await openFrames(images)).read())).toHaveLength(20);
    } finally {
      process.env.PATH = path;
    }
  });

  it('takes names that ffmpeg would read otherwise, and lets no file point at another', async () => {
    makeClip(at('plain.mkv'), { args: ['-c:v', 'ffv1'] });
    mkdirSync(at('names'), { recursive: true });
    for (const name of ['-i.mkv', 'a:b%d.mkv', "it's [1].mkv"]) {
      copyFileSync(at('plain.mkv'), join(at('names'), name));
      const frames = await collect(
        (await openFrames(join(at('names'), name))).read({ indices: [2] }),
      );
      expect(frames.map(({ timestamp }) => timestamp)).toEqual([0.4]);
    }
    writeFileSync(at('list.mp4'), '#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n');
    await expect((await openFrames(at('list.mp4'))).facts()).rejects.toThrow(at('list.mp4'));
  });
});
