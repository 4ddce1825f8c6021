import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { nammCheckpoints } from '@namm/models';
import { CommandHost, randomModel, randomVideoModel, writeOwnPolicies } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'namm-video-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

let model: string;
let llava: string;
const frames = at('frames');
beforeAll(async () => {
  model = (await randomVideoModel({ family: 'smolvlm', folder: mkdtempSync(at('model-')) })).folder;
  llava = (
    await randomVideoModel({ family: 'llava_next_video', folder: mkdtempSync(at('llava-')) })
  ).folder;
  mkdirSync(frames);
  // Portable pixmaps are not read, so the smallest images that are: GIFs of one frame.
  for (let i = 0; i < 30; i++) writeFileSync(join(frames, `${i}.gif`), gif(i));
});

/** A GIF of two pixels, of a colour of its own. */
function gif(shade: number): Buffer {
  const head = Buffer.from('GIF89a');
  const screen = [2, 0, 1, 0, 0x80, 0, 0];
  const colours = [shade * 8, 90, 255 - shade * 8, 0, 0, 0];
  const image = [0x2c, 0, 0, 0, 0, 2, 0, 1, 0, 0, 2, 2, 0x04, 0x0a, 0, 0x3b];
  return Buffer.concat([head, Buffer.from([...screen, ...colours, ...image])]);
}

const commands = new CommandHost(cli);
afterAll(() => commands.stop());

/** Without an input in a process that stays. */
function video(args: readonly string[], input?: string, env?: NodeJS.ProcessEnv) {
  if (input === undefined) return commands.run(args);
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    ...{ encoding: 'utf8', input, env: { ...process.env, ...env } },
  });
  return Promise.resolve({ status, stdout, stderr });
}

const common = () => ['--model', model, '--threads', '1', '--max-tokens', '4'];

describe('video ask', () => {
  it('answers about a folder, in words and in JSON, and writes what was kept', async () => {
    const page = at('kept.html');
    const policy = ['--policy', 'sink-recent', '--budget', '48'];
    const asked = await video([
      'ask',
      frames,
      'What?',
      ...common(),
      ...policy,
      '--retention',
      page,
    ]);
    expect([asked.status, asked.stderr.includes('sink-recent: 8 frames')]).toEqual([0, true]);
    expect(asked.stderr).toMatch(/kept 48 of \d+ tokens per head/);
    expect(readFileSync(page, 'utf8')).toContain('frame at');
    const own = ['--policy', writeOwnPolicies(folder).peaks, '--budget', '48'];
    const json = await video([
      'ask',
      frames,
      'What?',
      ...common(),
      ...own,
      '--frames',
      '3',
      '--json',
    ]);
    const { text, frames: shown, keptPerHead } = JSON.parse(json.stdout);
    expect([typeof text, shown]).toEqual(['string', 3]);
    expect(keptPerHead.flat()).toEqual([48, 48, 48, 48]);
  });

  it('names a frame that cannot be read, and answers from the rest', async () => {
    const some = at('some');
    mkdirSync(some);
    for (const i of [1, 2, 4]) writeFileSync(join(some, `${i}.gif`), gif(i));
    writeFileSync(join(some, '3.gif'), 'no image');
    const { status, stderr } = await video(['ask', some, 'What?', ...common()]);
    expect([status, stderr.includes('3.gif'), stderr.includes('3 frames')]).toEqual([
      0,
      true,
      true,
    ]);
  });
});

describe('video bench', () => {
  it('compares policies on clips, and goes on with what it has', async () => {
    const results = at('results.jsonl');
    const clips = ['--clips', '2', '--length', '20', '--calibrate', '2', '--frames-per-step', '4'];
    const who = ['--policies', 'fewer frames,sink-recent', '--shares', '0.5', '--threads', '1'];
    const namm = ['--namm', nammCheckpoints('nano-llama')[0]!];
    const args = ['bench', '--model', llava, '--results', results, ...clips, ...who, ...namm];
    const first = await video(args);
    expect(first.status, first.stderr).toBe(0);
    for (const name of ['full', 'fewer frames', 'sink-recent', 'namm calibrated', 'namm random']) {
      expect(first.stdout).toContain(name);
    }
    const written = readFileSync(results, 'utf8');
    expect((await video(args)).stdout).toBe(first.stdout);
    expect(readFileSync(results, 'utf8')).toBe(written);
  });

  it('reads a published set, and names what is missing', async () => {
    const set = at('lvb');
    mkdirSync(join(set, 'videos'), { recursive: true });
    const item = {
      ...{ id: 'a', video_path: 'a', question: 'What?', candidates: ['a dog', 'a cat'] },
      ...{ correct_choice: 0, duration: 30, question_category: 'S2E' },
    };
    const items = ['b', 'c', 'd'].map((name) => ({ ...item, id: name, video_path: name }));
    items.splice(1, 0, item);
    mkdirSync(join(set, 'videos', 'c'));
    cpSync(frames, join(set, 'videos', 'd'), { recursive: true });
    writeFileSync(join(set, 'videos', 'd', 'last.png'), 'no image');
    writeFileSync(join(set, 'lvb_val.json'), JSON.stringify(items));
    cpSync(frames, join(set, 'videos', 'a'), { recursive: true });
    const args = ['bench', '--model', llava, '--results', at('lvb.jsonl'), '--set', set];
    const few = ['--most', '30', '--policies', 'none', '--threads', '1'];
    const { status, stdout, stderr } = await video([...args, ...few]);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain(`1 video missing, such as ${join(set, 'videos', 'b')}`);
    expect(stderr).toContain(`c is left out: ${join(set, 'videos', 'c')}: holds no image`);
    expect(stdout).toContain('S2E');
    expect(stdout).toMatch(/^2 videos/);
    const nothing = await video([...args.slice(0, -1), frames, ...few]);
    expect([nothing.status, nothing.stderr.includes('1_plotQA.json')]).toEqual([2, true]);
  });
});

describe('video watch', () => {
  it('answers at once, when the video is there, and after its end', async () => {
    const questions = '@5 And now?\nWhat?\n@1000 In the end?\n';
    const policy = ['--policy', 'h2o', '--budget', '64', '--every', '10'];
    const { status, stdout, stderr } = await video(
      ['watch', frames, ...common(), ...policy],
      questions,
    );
    expect(status).toBe(0);
    const times = stdout.split('\n').filter((line) => line.startsWith('['));
    expect(times).toEqual(expect.arrayContaining(['[5.0 s] And now?', '[29.0 s] In the end?']));
    expect(times).toHaveLength(3);
    expect(stderr.match(/^\d+\.0 s: h2o/gm)).toEqual(['0.0 s: h2o', '10.0 s: h2o', '20.0 s: h2o']);
    expect(stderr).toContain('kept 64 of');
  });

  it.skipIf(!hasFfmpeg)('leaves no process and no file behind after a kill', async () => {
    const clip = at('killed.mkv');
    const source = 'testsrc=size=64x48:rate=20:duration=60';
    spawnSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', source, '-c:v', 'ffv1', clip]);
    const temporary = at('temporary');
    mkdirSync(temporary);
    const processes = () =>
      spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
        .stdout.split('\n')
        .filter((line) => line.startsWith('ffmpeg') && line.includes('killed.mkv'));
    for (const signal of ['SIGKILL', 'SIGINT'] as const) {
      const args = [
        cli,
        'watch',
        clip,
        ...common(),
        '--policy',
        'h2o',
        '--budget',
        '64',
        '--every',
        '1',
        '--rate',
        '20',
      ];
      const env = { ...process.env, TMPDIR: temporary };
      const child = spawn(process.execPath, args, { env });
      const end = new Promise<number | null>((resolve) => child.once('close', resolve));
      await new Promise((resolve) => child.stderr.once('data', resolve));
      expect(processes()).toHaveLength(1);
      child.kill(signal);
      expect(await end).toBe(signal === 'SIGINT' ? 130 : null);
      while (processes().length > 0) await setTimeout(20);
      expect(readdirSync(temporary)).toEqual([]); // nor telemetry of ONNX Runtime
    }
  });
});

it('refuses what it cannot use, in one line that says what to do', async () => {
  const text = await randomModel();
  writeFileSync(at('empty.mp4'), '');
  writeFileSync(at('broken.png'), 'no image');
  writeFileSync(at('text.mp4'), 'no video');
  mkdirSync(at('nothing'));
  const own = writeOwnPolicies(folder);
  const ask = (source: string, ...more: string[]) => ['ask', source, 'What?', ...common(), ...more];
  const cases: [args: string[], message: string][] = [
    [['ask', frames, 'What?'], '--model: is missing'],
    [['ask', frames, 'What?', '--model', text.folder], 'not a model for videos'],
    [['ask', frames, 'What?', '--model', at('nowhere/at all')], 'nowhere'],
    [ask(at('none.mp4')), 'none.mp4: does not exist'],
    [ask(at('empty.mp4')), 'empty.mp4: is empty'],
    [['ask', frames, ' ', ...common()], 'question: is empty'],
    [ask(at('broken.png')), 'broken.png: cannot be read as an image'],
    [ask(at('nothing')), 'nothing: holds no image'],
    ...(hasFfmpeg
      ? [[ask(at('text.mp4')), 'text.mp4: ffmpeg finds no frame'] as [string[], string]]
      : []),
    [['ask', frames, 'Is <image> there?', ...common()], '<image>'],
    [ask(frames, '--policy', 'h2p'), "'h2p' is none of"],
    [ask(frames, '--policy', own.fails), own.failsAs],
    [ask(frames, '--policy', 'namm'), '--checkpoint'],
    [ask(frames, '--budget', '9'), '--budget'],
    [ask(frames, '--frames', '0'), "--frames: '0' is not a whole number above 0"],
    [ask(frames, '--frames', '3', '--rate', '2'), '--frames: does not go with --rate'],
    [ask(frames, '--most', '3'), '--most: goes with --rate alone'],
    [ask(frames, '--retention', 'kept.txt'), '--retention'],
    [ask(frames, '--frames-per-second', '-1'), '--frames-per-second'],
    [['watch', frames, ...common(), '--every', 'now'], '--every'],
  ];
  const ends = await Promise.all(cases.map(([args]) => commands.run(args)));
  for (const [i, { status, stderr }] of ends.entries()) {
    const [args, message] = cases[i]!;
    expect(stderr, args.join(' ')).toContain(message);
    expect(stderr.trimEnd().split('\n'), args.join(' ')).toHaveLength(1);
    expect(status, args.join(' ')).toBe(2);
  }
  await text.remove();
});

it('says how to get ffmpeg where there is none', async () => {
  writeFileSync(at('some.mp4'), 'whatever');
  const { status, stderr } = await video(['ask', at('some.mp4'), 'What?', ...common()], '', {
    ...process.env,
    PATH: at('nothing'),
  });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^video: .*some\.mp4: there is no ffmpeg on the PATH.*apt install ffmpeg/);
});
