import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CommandHost, writeOwnPolicies } from '@namm/testing';
import { afterAll, describe, expect, it } from 'vitest';

const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'namm-rl-'));
afterAll(() => rmSync(folder, { recursive: true }));

const evaluation = (out: string) => [
  ...['evaluate', '--environment', 't-maze:length=60', '--policies', 'full,window:5,h2o'],
  ...['--budget', '30', '--episodes', '4', '--seed', '3', '--out', out],
];

const commands = new CommandHost(cli);
afterAll(() => commands.stop());
const rl = (args: readonly string[]) => commands.run(args);

const linesIn = (out: string): string[] => {
  try {
    return readFileSync(join(out, 'episodes.jsonl'), 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
};

/** What is the same in every run: not the seconds, nor the checksum over them. */
const withoutTimes = (lines: readonly string[]) =>
  lines.map((line) => line.replace(/"seconds":[\d.e-]+/, '').replace(/"checksum":"\w+"/, ''));

/** Starts an evaluation, and ends it by a signal once its file has a few episodes. */
async function endedBy(signal: 'SIGKILL' | 'SIGINT', out: string) {
  const child: ChildProcess = spawn(process.execPath, [cli, ...evaluation(out)]);
  let stdout = '';
  child.stdout!.on('data', (text) => {
    stdout += text;
  });
  const end = new Promise<number | null>((resolve) => child.once('close', resolve));
  while (linesIn(out).length < 4 && child.exitCode === null) await setTimeout(5);
  child.kill(signal);
  return { status: await end, stdout };
}

describe('rl evaluate', () => {
  it('goes on exactly after a kill and after Ctrl-C, which prints the table so far', async () => {
    const [whole, stopped] = [join(folder, 'whole'), join(folder, 'stopped')];
    const { status, stdout, stderr } = await rl(evaluation(whole));
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/\| full +\| +4 \| 1\.00 \(1\.00 … 1\.00\) \|/);
    expect(stdout).toContain('paired by seed');
    const expected = withoutTimes(linesIn(whole));
    expect(expected).toHaveLength(1 + 3 * 4);

    for (const signal of ['SIGKILL', 'SIGINT'] as const) {
      rmSync(stopped, { recursive: true, force: true });
      const ended = await endedBy(signal, stopped);
      expect(linesIn(stopped).length).toBeLessThan(13);
      if (signal === 'SIGINT') {
        expect(ended.status).toBe(130);
        expect(ended.stdout).toMatch(/Stopped after \d+ of 12 episodes:\n\n\| policy/);
      }
      expect((await rl(evaluation(stopped))).status).toBe(0);
      expect(withoutTimes(linesIn(stopped))).toEqual(expected);
    }
  });

  it('plays physics, with the constants of its score', async () => {
    const args = ['--agent', 'hopper-agent', '--policies', 'drop-old-returns', '--episodes', '1'];
    const { status, stdout } = await rl(['evaluate', ...args]);
    expect(status).toBe(0);
    expect(stdout).toContain('3234.3 (D4RL, d4rl/infos.py');
  });
});

it('rl transfer makes a NAMM of language ready, and evaluate takes it', async () => {
  const out = join(folder, 'transfer');
  const maze = ['--environment', 't-maze:length=24'];
  const small = ['--update-interval', '16', '--episodes', '2', '--shares', '0.1'];
  const made = await rl(['transfer', ...maze, ...small, '--out', out]);
  expect([made.status, made.stderr]).toEqual([0, '']);
  expect(made.stdout).toContain('chosen');
  const forms = ['frozen', 'calibrated', 'random'];
  const files = forms.map((form) => join(out, `${form}.safetensors`));
  const policies = ['full', ...files.map((file) => `namm:${file}`)].join(',');
  const { status, stdout } = await rl([
    'evaluate',
    ...maze,
    '--episodes',
    '2',
    '--policies',
    policies,
  ]);
  expect(status).toBe(0);
  for (const form of forms) expect(stdout).toContain(`| namm:${form}`);
});

it('rl table plays tasks under the same policies, writes the tables, and adds to them', async () => {
  const out = join(folder, 'table');
  const args = ['table', '--out', out, '--tasks', 'key-to-door,active-t-maze', '--windows', 'none'];
  const few = ['--policies', 'full,keydiff,namm-frozen', '--episodes', '2'];
  const first = await rl([...args, ...few]);
  expect([first.status, first.stderr]).toEqual([0, '']);
  expect(first.stdout).toMatch(/\| policy +\| +active-t-maze \| +key-to-door \|/);
  const lines = linesIn(join(out, 'key-to-door'));
  expect(lines).toHaveLength(1 + 3 * 2);
  const { peaks } = writeOwnPolicies(folder);
  const more = await rl([...args, '--policies', `full,window:1,${peaks}`, '--episodes', '2']);
  expect(more.status).toBe(0);
  expect(linesIn(join(out, 'key-to-door')).slice(0, 7)).toEqual(lines);
  const { averages } = JSON.parse(readFileSync(join(out, 'table.json'), 'utf8'));
  expect(averages[0].rows.map(({ name }: { name: string }) => name)).toEqual([
    ...['full', 'window:1', 'peaks.js#peaks'],
  ]);
  expect(readFileSync(join(out, 'table.md'), 'utf8')).toContain('**Memory tasks: return**');
  const wrong = await rl([...args, '--namms', 'none.safetensors']);
  expect([wrong.status, wrong.stderr]).toEqual([
    2,
    expect.stringContaining('is not of the form NAME=FILE'),
  ]);
});

it('rl evaluate and rl watch write pages of an episode', async () => {
  const [evaluated, watched] = [join(folder, 'evaluated.html'), join(folder, 'watched.html')];
  const maze = ['--environment', 't-maze:length=20', '--seed', '4'];
  const { peaks } = writeOwnPolicies(folder);
  const first = await rl([
    'evaluate',
    ...maze,
    '--policies',
    `full,${peaks}`,
    '--episodes',
    '1',
    '--page',
    evaluated,
  ]);
  expect([first.status, first.stderr]).toEqual([0, '']);
  const second = await rl(['watch', ...maze, '--policy', peaks, '--out', watched]);
  expect([second.status, second.stderr]).toEqual([0, '']);
  const page = readFileSync(watched, 'utf8');
  expect(page).toContain('An episode under peaks.js#peaks');
  expect(readFileSync(evaluated, 'utf8')).toBe(page);
});

it('rl collect writes data of a memory task and of a body, whose statistics an evaluation takes', async () => {
  const out = join(folder, 'data');
  const task = ['--environment', 't-maze:length=10', '--episodes', '12', '--mixture', 'oracle:1'];
  expect((await rl(['collect', '--out', out, ...task])).status).toBe(0);
  expect(readdirSync(out)).toEqual(['t-maze-mixture-1.000.safetensors']);
  const body = ['--environment', 'hopper', '--training-steps', '1000', '--steps', '300'];
  expect((await rl(['collect', '--out', out, ...body, '--styles', 'replay'])).status).toBe(0);
  const name = readdirSync(out).find((each) => each.startsWith('hopper-replay'))!;
  const played = await rl([
    ...['evaluate', '--agent', 'hopper-agent', '--episodes', '1', '--policies', 'window:2'],
    ...['--statistics', join(out, name), '--target-return', '1000'],
  ]);
  expect([played.status, played.stderr]).toEqual([0, '']);
  const other = await rl(['evaluate', '--agent', 't-maze-agent', '--statistics', join(out, name)]);
  expect(other.status).toBe(2);
  expect(other.stderr).toContain(
    `${join(out, name)}: mean has 11 numbers where an observation has 4`,
  );
});

it('refuses what it cannot use, in one line', async () => {
  const other = join(folder, 'other');
  const file = join(folder, 'file.safetensors');
  writeFileSync(file, 'none');
  const own = writeOwnPolicies(folder);
  const cases: [args: string[], message: string][] = [
    [['evaluate', '--agent', join(folder, 'none')], 'none'],
    [['evaluate', '--environment', 'hoper'], "did you mean 'hopper'"],
    [['evaluate', '--environment', 't-maze:size=3'], 'size'],
    [['evaluate', '--environment', 'hopper'], '11 numbers, the model states of 4'],
    [['evaluate', '--policies', 'full,full'], "'full' appears twice"],
    [['evaluate', '--policies', 'h2p'], "did you mean 'h2o'"],
    [['evaluate', '--agent', 'hopper-agent', '--policies', 'namm'], 'checkpoint'],
    [['evaluate', '--policies', 'namm', '--checkpoint', file], file],
    [['evaluate', '--environment', 't-maze:length=60', '--policies', own.fails], own.failsAs],
    [['watch', '--policy', 'mine.js'], 'mine.js'],
    [['evaluate', '--budget', 'much', '--policies', 'h2o'], 'budget'],
    [['evaluate', '--episodes', '0'], "'0' is not a whole number above 0"],
    [['evaluate', '--statistics', file], file],
    [['evaluate', '--page', join(folder, 'none', 'page.html')], '--page: there is no folder'],
    [['evaluate', '--out', file], `--out: ${file} is not a folder`],
    [['watch', '--out', folder], 'is a folder; name a file in it'],
    [['evolve', '--out', join(file, 'run')], `--out: ${file} is not a folder`],
    [['table', '--out', file], `--out: ${file} is not a folder`],
    [['evaluate', '--policies', `namm:${file}`], file],
    [['transfer', '--out', other, '--checkpoint', file], file],
    [['transfer', '--out', other, '--update-interval', '20'], 'multiple of the hop'],
    [['transfer', '--out', other, '--forms', 'thawed'], 'frozen'],
    [['transfer'], '--out'],
    [['watch', '--environment', 't-maze:length=20000'], '10000 at most'],
    [['evolve', '--agent', join(folder, 'none'), '--out', other], 'none'],
    [['evolve', '--out', other, '--update-interval', '20'], 'multiple of the hop'],
    [['evolve', '--out', other, '--environment', 'hopper'], '11 numbers'],
    [['evolve', '--out', other, '--start', file], file],
    [['collect', '--out', other], '--environment'],
    [['collect', '--out', other, '--environment', 'hopper', '--episodes', '3'], '--episodes'],
    [
      ['collect', '--out', other, '--environment', 't-maze:length=9', '--training-steps', '3'],
      '--training-steps',
    ],
    [
      ['collect', '--out', other, '--environment', 't-maze:length=9', '--mixture', 'oracle'],
      'AGENT:SHARE',
    ],
  ];
  const ends = await Promise.all(cases.map(([args]) => commands.run(args)));
  for (const [i, { status, stderr }] of ends.entries()) {
    const [args, message] = cases[i]!;
    expect(stderr, args.join(' ')).toContain(message);
    expect(stderr.trimEnd().split('\n'), args.join(' ')).toHaveLength(1);
    expect(status, args.join(' ')).toBe(2);
  }
});
