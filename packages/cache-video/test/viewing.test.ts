import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { full, h2o, keyDiff, RetentionRecorder, random, sinkRecent } from '@namm/kv-cache';
import { namm, randomNamm } from '@namm/namm';
import { expectEqualNumbers, type RandomModel, randomModel, randomVideoModel } from '@namm/testing';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Frame, openFrames, PlaceholderError, VideoModel } from '../src/index.js';
import { collect, framesOf, makeClip, noise, temporaryFolder } from './helpers.js';

const folder = temporaryFolder();
const families = ['smolvlm', 'llava_next_video'] as const;
const models = new Map<string, VideoModel>();
const folders: RandomModel[] = [];
beforeAll(async () => {
  for (const family of families) {
    const made = await randomVideoModel({ family });
    folders.push(made);
    const probe = { kind: 'columnSums' } as const;
    models.set(family, await VideoModel.load(made.folder, { probe, threads: 1, chunkSize: 32 }));
  }
});
afterAll(async () => {
  for (const model of models.values()) await model.release();
  for (const made of folders) await made.remove();
});

const question = 'What is it?';
const greedy = { maxNewTokens: 8, sampling: { temperature: 0 } } as const;
const answer = async (pieces: AsyncIterable<string>) => (await collect(pieces)).join('');

/** All ids of a viewing and the question. */
async function promptOf(model: VideoModel, frames: readonly Frame[], duration: number) {
  const recorder = new RetentionRecorder();
  const viewing = model.begin({ recorder }, { frames: frames.length, duration });
  for (const frame of frames) await viewing.show(frame);
  const asked: number[] = [];
  const onToken = (id: number) => asked.push(id);
  const text = await answer(viewing.ask(question, { ...greedy, onToken }));
  const ids = [...viewing.record()!.ids!];
  await viewing.release();
  return { ids, asked, text };
}

describe.each(families)('%s', (family) => {
  it('sees the same frame by frame as in one prompt', async () => {
    const model = models.get(family)!;
    const frames = noise(5);
    const { ids, asked, text } = await promptOf(model, frames, 5);
    const tiles = frames.flatMap((frame) => model.prepare(frame).tiles);
    const rows: Float32Array[] = [];
    for (const tile of tiles) rows.push(await model.encoder.encode(tile));
    const closing = model.tokenizer.encode('x').length; // the question's ids come first
    expect(closing).toBe(1);
    const written = text === '' ? 0 : asked.length;
    expect(written).toBeGreaterThan(0);
    // The ids of the whole prompt are those of its text.
    const whole = model.tokenizer.decode([...ids, ...asked]);
    const expected =
      family === 'smolvlm'
        ? `<|im_start|>User: You are provided the following series of five frames from a 0:00:05 [H:MM:SS] video.\n${[0, 1, 2, 3, 4].map((second) => `\nFrame from 00:0${second}:<fake_token_around_image><global-img>${'<image>'.repeat(4)}<fake_token_around_image>`).join('')}\n\n${question}<end_of_utterance>\nAssistant:`
        : `USER: ${'<video>'.repeat(20)}\n${question} ASSISTANT:`;
    expect(whole.slice(0, expected.length)).toBe(expected);
    const promptIds = model.tokenizer.encode(expected);
    expect([...ids, ...asked].slice(0, promptIds.length)).toEqual(promptIds);
    // In one pass the model gives the same answer.
    const cache = model.decoder.createCache();
    const embeddings = await model.promptRows(promptIds, rows);
    const [one] = await model.decoder.step([{ cache, input: { embeddings }, outputs: 'last' }]);
    const next = one!.logits.indexOf(Math.max(...one!.logits));
    expect([...ids, ...asked][promptIds.length]).toBe(next);
    // And frame by frame the same keys.
    const viewing = model.begin({}, { frames: 5, duration: 5 });
    for (const frame of frames) await viewing.show(frame);
    expect(viewing.memory().seen).toBe(ids.length);
    await viewing.release();
  });

  it('shows several frames in one step, looked at before or not, as it shows them one by one', async () => {
    const model = models.get(family)!;
    const frames = noise(5);
    const single = model.begin();
    const spans = [];
    for (const frame of frames) spans.push(await single.show(frame));
    const several = model.begin();
    const [first, ...others] = frames;
    const encoded = [];
    for (const frame of others) encoded.push(await model.encode(frame));
    expect(await several.showAll([first!, ...encoded.slice(0, 2)])).toEqual(spans.slice(0, 3));
    expect(await several.showAll([])).toEqual([]);
    expect(await several.showAll(encoded.slice(2))).toEqual(spans.slice(3));
    expect(several.memory()).toEqual({ ...single.memory(), bytes: expect.anything() });
    expect(await answer(several.ask(question, greedy))).toBe(
      await answer(single.ask(question, greedy)),
    );
    const other = models.get(families.find((each) => each !== family)!)!;
    await expect(several.show(await other.encode(first!))).rejects.toThrow(/another model/);
    await expect(several.show(await model.encode(first!, 'images'))).rejects.toThrow(/otherwise/);
    await Promise.all([single.release(), several.release()]);
  });

  it('answers from a fork, at any moment, and goes on as if nobody had asked', async () => {
    const model = models.get(family)!;
    const policy = h2o({ budget: 24 });
    const asked = model.begin({ policy });
    const silent = model.begin({ policy });
    const answers: Promise<string>[] = [];
    for (const frame of noise(6)) {
      const shown = asked.show(frame);
      answers.push(answer(asked.ask(question, greedy))); // not waited for
      await shown;
      await silent.show(frame);
    }
    await Promise.all(answers);
    expect(asked.memory()).toEqual({ ...silent.memory(), bytes: expect.anything() });
    expect(await answer(asked.ask(question, greedy))).toBe(
      await answer(silent.ask(question, greedy)),
    );
    await Promise.all([asked.release(), silent.release()]);
  });

  it('holds no more than the budget for any length, under every policy that has one', async () => {
    const model = models.get(family)!;
    const options = { budget: 40 };
    const policies = [
      sinkRecent(options),
      h2o(options),
      keyDiff(options),
      random({ ...options, seed: 1 }),
    ];
    for (const policy of policies) {
      const viewing = model.begin({ policy, positions: 'compact' });
      let count = 0;
      // Of 40 and more tokens each: ten times the positions of the model.
      for await (const _ of viewing.watch(noise(400))) {
        const { keptPerHead, seen } = viewing.memory();
        expect(Math.max(...keptPerHead.flat())).toBeLessThanOrEqual(40);
        if (++count === 400) expect(seen).toBeGreaterThan(1024);
        if (family === 'smolvlm' && count === 60) break;
      }
      expect(viewing.frames.length).toBeLessThan(4 * 40 + 64); // a row per head, and the newest
      const held = viewing.held();
      expect(held).toHaveLength(viewing.frames.length);
      expect(held.reduce((sum, share) => sum + share, 0)).toBeGreaterThan(0);
      await viewing.release();
    }
  }, 240_000);

  it('tells of each frame what is held of it', async () => {
    const model = models.get(family)!;
    const viewing = model.begin({ recorder: new RetentionRecorder(), policy: full() });
    const spans = await collect(viewing.watch(noise(3)));
    expect(viewing.frames).toEqual(spans);
    expect(viewing.held()).toEqual([1, 1, 1]);
    const { parts, pieces, ids } = viewing.record({ clip: 'noise' })!;
    expect(
      parts!.filter(({ name }) => name !== 'text').map(({ name, tokens }) => [name, tokens]),
    ).toEqual([0, 1, 2].map((second) => [`frame at ${second}.00 s`, 4]));
    expect(parts!.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(ids!.length);
    expect(pieces!.filter((piece) => piece === '▪')).toHaveLength(12);
    const pictures = viewing.pictures();
    expect(pictures.map(({ part }) => parts![part]!.name)).toEqual(
      [0, 1, 2].map((second) => `frame at ${second}.00 s`),
    );
    for (const { jpeg } of pictures) {
      expect(await sharp(jpeg).metadata()).toMatchObject({ format: 'jpeg', width: 20, height: 12 });
    }
    await viewing.release();
  });

  it('watches as many frames per second as the model or the caller wants', async () => {
    const model = models.get(family)!;
    const frames = noise(8).map((frame, i) => ({ ...frame, timestamp: i / 4 }));
    const counts: number[] = [];
    for (const options of [
      {},
      { frames: { kind: 'all' } },
      { frames: { kind: 'rate', perSecond: 2 } },
    ] as const) {
      const viewing = model.begin();
      counts.push((await collect(viewing.watch(frames, options))).length);
      await viewing.release();
    }
    expect(counts).toEqual([2, 8, 4]);
  });

  it('shares rows of frames that look alike, where that is wanted', async () => {
    const model = models.get(family)!;
    const [one, other] = noise(2) as [Frame, Frame];
    const frames = [
      one,
      { ...one, timestamp: 1 },
      { ...other, timestamp: 2 },
      { ...other, timestamp: 3 },
    ];
    const viewing = model.begin({ reuseBelow: 0.01 });
    await collect(viewing.watch(frames));
    expect(viewing.memory()).toMatchObject({ frames: 4, reused: 2 });
    const plain = model.begin();
    await collect(plain.watch(frames));
    expect(plain.memory()).toMatchObject({ frames: 4, reused: 0 });
    expect(await answer(viewing.ask(question, greedy))).toBe(
      await answer(plain.ask(question, greedy)),
    );
    await Promise.all([viewing.release(), plain.release()]);
  });

  it('gives the same tokens for a video and for its frames as images', async () => {
    if (spawnSync('ffmpeg', ['-version']).status !== 0) return;
    const model = models.get(family)!;
    const clip = makeClip(join(folder, `${family}.mkv`), { args: ['-c:v', 'ffv1'] });
    const images = framesOf(clip, join(folder, `${family}-frames`));
    const records = [];
    for (const source of [clip, images]) {
      const recorder = new RetentionRecorder();
      const viewing = await model.view(source, { recorder, framesPerSecond: 5 });
      const text = await answer(viewing.ask(question, greedy));
      records.push({ ids: [...viewing.record()!.ids!], text });
      await viewing.release();
    }
    expect(records[0]).toEqual(records[1]);
    const direct = await answer(model.ask(clip, question, greedy));
    expect(direct).toBe(records[0]!.text);
  });
});

describe('VideoModel', () => {
  it('looks at images in parts where its family does', async () => {
    const model = models.get('smolvlm')!;
    const paths = [join(folder, 'one.png'), join(folder, 'two.png')];
    for (const path of paths) {
      const [frame] = noise(1, { width: 40, height: 40 });
      await sharp(frame!.rgb, { raw: { width: 40, height: 40, channels: 3 } })
        .png()
        .toFile(path);
    }
    const recorder = new RetentionRecorder();
    const viewing = await model.view(paths, { recorder });
    const image = `<fake_token_around_image><row_1_col_1>${'<image>'.repeat(4)}<fake_token_around_image><row_1_col_2>${'<image>'.repeat(4)}\n<fake_token_around_image><row_2_col_1>${'<image>'.repeat(4)}<fake_token_around_image><row_2_col_2>${'<image>'.repeat(4)}\n\n<fake_token_around_image><global-img>${'<image>'.repeat(4)}`;
    expect(model.tokenizer.decode([...viewing.record()!.ids!])).toBe(
      `<|im_start|>User:${image}<fake_token_around_image>${image}`,
    );
    await viewing.release();
  });

  it('counts frames that cannot be read, and answers from the rest', async () => {
    const model = models.get('smolvlm')!;
    const path = join(folder, 'some-broken');
    mkdirSync(path);
    for (const i of [1, 2, 4]) {
      const create = { width: 8, height: 8, channels: 3, background: 'red' } as const;
      await sharp({ create })
        .png()
        .toFile(join(path, `${i}.png`));
    }
    writeFileSync(join(path, '3.png'), 'no image');
    const problems: string[] = [];
    const options = {
      ...greedy,
      onProblem: ({ message }: { message: string }) => problems.push(message),
    };
    await collect(model.ask(path, question, options));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('3.png');
    const watching = model.begin();
    await collect(watching.watch(path));
    for (const viewing of [watching, await model.view(path)]) {
      expect(viewing.memory()).toMatchObject({ frames: 3, problems: 1 });
      await viewing.release();
    }
  });

  it('serves a NAMM, and goes on no more when a frame was read only in part', async () => {
    const normaliser = {
      shape: [17],
      mean: new Float32Array(17),
      variance: new Float32Array(17).fill(1),
      count: Float64Array.of(1),
    };
    const policy = namm(randomNamm({ seed: 1, updateInterval: 16, normaliser }), { budget: 40 });
    const options = { probe: policy.probe, threads: 1, chunkSize: 32 };
    const model = await VideoModel.load(folders[0]!.folder, options);
    const viewing = model.begin({ policy, positions: 'compact' });
    await collect(viewing.watch(noise(40)));
    const { keptPerHead, seen } = viewing.memory();
    expect(seen).toBeGreaterThan(1024);
    expect(Math.max(...keptPerHead.flat())).toBeLessThanOrEqual(40 + 16); // until it decides again
    await answer(viewing.ask(question, greedy));
    await viewing.release();

    const endless = model.begin({ positions: 'compact' });
    const all = collect(endless.watch(noise(40)));
    await expect(all).rejects.toThrow(/keeps everything/); // its positions are used up
    const isWhole = endless.memory().seen % 41 === 0;
    if (!isWhole)
      await expect(endless.show(noise(1)[0]!)).rejects.toThrow(/only in part|positions/);
    await endless.release();
    await model.release();
  });

  it('refuses what it cannot use, before anything changes', async () => {
    const model = models.get('smolvlm')!;
    const viewing = model.begin();
    await expect(collect(viewing.ask(question))).rejects.toThrow(/no frame/);
    await expect(viewing.show({ ...noise(1)[0]!, width: 3 })).rejects.toThrow(/rgb/);
    await viewing.show(noise(1)[0]!);
    for (const text of ['<image> again', 'and <video>']) {
      await expect(collect(viewing.ask(text))).rejects.toThrow(PlaceholderError);
    }
    await expect(collect(viewing.ask(question, { most: 3 } as never))).rejects.toThrow(/most/);
    await expect(collect(viewing.watch([]))).rejects.toThrow(/no frame/);
    await expect(collect(viewing.watch(noise(1), { fps: 1 } as never))).rejects.toThrow(/fps/);
    const uniform = { frames: { kind: 'uniform', count: 3 } } as const;
    await expect(collect(viewing.watch(noise(1), uniform))).rejects.toThrow(/length of the video/);
    await viewing.release();
    expect(() => model.begin({ reuseBelow: -1 })).toThrow(/reuseBelow/);
    expect(() => model.begin({ budget: 3 } as never)).toThrow(/budget/);
    await expect(model.view(noise(1), { frames: { kind: 'some' } as never })).rejects.toThrow(
      /frames/,
    );
    const rows = [new Float32Array(4 * 16)];
    await expect(model.promptRows([260, 260, 260], rows)).rejects.toThrow(PlaceholderError);
    const given = await openFrames(noise(2));
    expect((await given.facts())!.timestamps).toEqual([0, 1]);
  });

  it('refuses a folder that is not a model for videos, and says which are', async () => {
    const made = await randomModel();
    await expect(VideoModel.load(made.folder)).rejects.toThrow(/llama.*llava_next_video, smolvlm/);
    await made.remove();
    const broken = await randomVideoModel({ family: 'smolvlm' });
    await rm(join(broken.folder, 'processor_config.json'));
    await expect(VideoModel.load(broken.folder)).rejects.toThrow(/processor_config.json/);
    await broken.remove();
  });

  it('refuses resolutions of images that tiles do not fill, or that the model does not share', async () => {
    const made = await randomVideoModel({ family: 'llava_next_video' });
    const at = (name: string) => join(made.folder, name);
    const processor = JSON.parse(await readFile(at('processor_config.json'), 'utf8'));
    for (const [grid, problem] of [
      [[[16, 20]], /processor_config\.json.*image_grid_pinpoints.*16,20.*multiples of 16/],
      [[[16, 16 * 300]], /image_grid_pinpoints.*more than 256 tiles/],
      [[[16]], /image_grid_pinpoints.*pairs/],
      ['[[16, 32]]', /image_grid_pinpoints.*pairs/],
    ] as const) {
      processor.image_processor.image_grid_pinpoints = grid;
      writeFileSync(at('processor_config.json'), JSON.stringify(processor));
      await expect(VideoModel.load(made.folder)).rejects.toThrow(problem);
    }
    processor.image_processor.image_grid_pinpoints = [[16, 32]];
    writeFileSync(at('processor_config.json'), JSON.stringify(processor));
    const config = JSON.parse(await readFile(at('config.json'), 'utf8'));
    writeFileSync(
      at('config.json'),
      JSON.stringify({ ...config, image_grid_pinpoints: [[32, 16]] }),
    );
    await expect(VideoModel.load(made.folder)).rejects.toThrow(/not those of config\.json/);
    await made.remove();
  });

  it('reads both layouts of processor files alike', async () => {
    const made = await randomVideoModel({ family: 'smolvlm' });
    const joint = JSON.parse(await readFile(join(made.folder, 'processor_config.json'), 'utf8'));
    await rm(join(made.folder, 'processor_config.json'));
    const { image_processor: image, video_processor: video } = joint;
    writeFileSync(
      join(made.folder, 'preprocessor_config.json'),
      JSON.stringify({ ...image, ...video }),
    );
    const model = await VideoModel.load(made.folder, { threads: 1 });
    const [frame] = noise(1, { width: 30, height: 20 });
    const other = models.get('smolvlm')!;
    for (const shown of ['video', 'images'] as const) {
      const [one, two] = [model, other].map((each) => each.prepare(frame!, shown).tiles);
      expect(one!.length).toBe(two!.length);
      for (const [i, tile] of one!.entries()) expectEqualNumbers(tile, two![i]!);
    }
    await model.release();
    await made.remove();
  });
});
