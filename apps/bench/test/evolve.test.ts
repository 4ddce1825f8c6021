import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCheckpoint } from '@namm/namm';

import { CommandHost } from '@namm/testing';
import { afterAll, describe, expect, it } from 'vitest';

const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'namm-bench-evolve-'));
afterAll(() => rmSync(folder, { recursive: true }));

const small = [
  ...[
    '--rope-factor',
    '2',
    '--length',
    '192',
    '--update-interval',
    '64',
    '--families',
    'key-value',
  ],
  ...['--population', '4', '--prompts', '2', '--validation-prompts', '1'],
  ...['--normaliser-prompts', '1', '--validate-every', '1'],
];

const commands = new CommandHost(cli);
afterAll(() => commands.stop());
const evolve = (...args: string[]) => commands.run(['evolve', ...args]);

/** The log, without what differs from run to run. */
/** What is the same in every run: not the seconds, nor the checksum over them. */
function log(run: string): Record<string, unknown>[] {
  const lines = readFileSync(join(folder, run, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => ({ ...JSON.parse(line), seconds: null, checksum: null }));
}

describe('bench evolve', () => {
  it('evolves, goes on, and gives the same numbers in threads', async () => {
    const out = join(folder, 'run');
    const { stdout, status, stderr } = await evolve('--out', out, ...small, '--generations', '1');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/generation 1: fitness [\d.]+, best [\d.]+; kept [\d.]+ %/);
    expect((await evolve('--out', out, ...small, '--generations', '2')).stdout).toContain(
      'generation 2',
    );
    const threads = join(folder, 'threads');
    const inThreads = await evolve(
      '--out',
      threads,
      ...small,
      '--generations',
      '2',
      '--workers',
      '2',
    );
    expect([inThreads.status, inThreads.stderr]).toEqual([0, '']);
    expect(log('threads')).toEqual(log('run'));
    const warm = ['--start', join(out, 'mean.safetensors'), '--bias-shift', '-1'];
    const started = await evolve(
      '--out',
      join(folder, 'warm'),
      ...small,
      ...warm,
      '--generations',
      '1',
    );
    expect(started.status).toBe(0);
    const { provenance } = await readCheckpoint(join(folder, 'warm', 'best.safetensors'));
    expect(provenance.startedFrom).toMatchObject({ settings: { stages: [{ length: 192 }] } });
    const wrong = await evolve('--out', join(folder, 'wrong'), ...warm, '--trainable', 'linear');
    expect(wrong.stderr).toContain('choose its trainable');
    expect(wrong.status).toBe(2);
  });

  it('stops when it is asked to or its time is over, and goes on to the same numbers', async () => {
    const args = [...small, '--generations', '8', '--trainable', 'key-norm'];
    const out = join(folder, 'stopped');
    const short = await evolve('--out', out, ...args, '--time-limit', '1e-9');
    expect([short.status, short.stdout]).toEqual([
      0,
      expect.stringContaining('run the same command again to resume'),
    ]);
    const child = spawn(process.execPath, [cli, 'evolve', '--out', out, ...args]);
    let said = '';
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
      if (!child.killed && said.includes('generation 1: ')) child.kill('SIGINT'); // a second one would end it
    });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect([code, said]).toEqual([
      130,
      expect.stringContaining('run the same command again to resume'),
    ]);
    expect((await evolve('--out', out, ...args)).stdout).toContain('complete');
    expect((await evolve('--out', join(folder, 'unstopped'), ...args)).stdout).toContain(
      'complete',
    );
    expect(log('stopped')).toEqual(log('unstopped'));
  });

  it('takes stages from a file', async () => {
    const file = join(folder, 'stages.json');
    const stage = { tasks: ['key-value'], length: 128, generations: 1, promptsPerTask: 1 };
    writeFileSync(file, JSON.stringify([stage, { ...stage, length: 160 }]));
    const out = join(folder, 'staged');
    const { stdout } = await evolve(
      '--out',
      out,
      ...small,
      '--trainable',
      'key-norm',
      '--stages',
      file,
    );
    expect(stdout).toContain('complete');
    expect(log('staged').map(({ stage }) => stage)).toEqual([0, 0, 1, 1]);
  });

  it('refuses what it cannot use', async () => {
    const cases: [args: string[], message: string][] = [
      [['--families', 'poems'], "'poems' is none of"],
      [['--model', join(folder, 'none')], 'does not exist'],
      [['--corpus', join(folder, 'none')], 'SOURCES.md: does not exist; a corpus is a folder'],
      [['--time-limit', '-5'], "--time-limit: '-5' is not a positive number"],
      [['--workers', '100000'], 'cores of this machine'],
      [['--trainable', 'magic'], "'magic' is none of namm, "],
      [['--sigma', '0'], 'sigma: 0 is not a number above 0'],
      [['--stages', join(folder, 'none')], `--stages: ${join(folder, 'none')} does not exist`],
      [['--update-interval', '100'], '100 is not a multiple of the hop'],
    ];
    const ends = await Promise.all(
      cases.map(([args]) => commands.run(['evolve', '--out', join(folder, 'refused'), ...args])),
    );
    for (const [i, { status, stderr }] of ends.entries()) {
      const [args, message] = cases[i]!;
      expect(stderr, args.join(' ')).toContain(message);
      expect(status, args.join(' ')).toBe(2);
    }
  });
});
