import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandHost } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

const commands = new CommandHost(cli);
afterAll(() => commands.stop());

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-together-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

const tiny = ['--layers', '1', '--vocabulary', '256', '--length', '20'];

describe('measure together', () => {
  it('times every step both ways, and divides the medians', async () => {
    const few = ['--sequences', '3', '--steps', '4', '--warm-up', '1', '--dtype', 'q4'];
    const command = ['together', '--work', folder, ...tiny, ...few];
    const { status, stdout, stderr } = await commands.run([...command, '--json']);
    expect(stderr).toBe('');
    const { together, apart, ratio } = JSON.parse(stdout);
    for (const times of [together, apart]) {
      expect(times).toHaveLength(4);
      for (const time of times) expect(time).toBeGreaterThan(0);
    }
    const middle = (all: number[]) => {
      const [, a, b] = [...all].sort((x, y) => x - y);
      return (a! + b!) / 2;
    };
    expect(ratio.estimate).toBeCloseTo(middle(apart) / middle(together), 9);
    expect(status).toBe(0);
    const table = await commands.run(command);
    expect(table.stdout).toMatch(/^\| together +\|/m);
  });
});

describe('measure bound', () => {
  it('holds prefill and decode against products and memory of the machine', async () => {
    const few = ['--rounds', '2', '--decode-tokens', '2'];
    const command = ['bound', '--work', folder, ...tiny, ...few];
    const { status, stdout, stderr } = await commands.run([...command, '--json']);
    expect(stderr).toBe('');
    const { work, speeds, prefill, decode, shares } = JSON.parse(stdout);
    const matrices = 576 * (576 + 2 * 192 + 576) + 3 * 576 * 1536;
    expect(work).toEqual({
      weightBytes: 4 * (matrices + 256 * 576 + 3 * 576),
      rowBytes: 4 * 2 * 3 * 64,
      operations: 2 * matrices,
      attentionOperations: 4 * 9 * 64,
    });
    expect(speeds).toHaveLength(2);
    for (const { needed, taken } of [prefill, decode]) {
      for (const time of [...needed, ...taken]) expect(time).toBeGreaterThan(0);
    }
    for (const { estimate } of [shares.prefill, shares.decode]) {
      expect(estimate).toBeGreaterThan(0);
    }
    expect(status).toBe(0);
    const table = await commands.run(command);
    expect(table.stdout).toMatch(/^\| prompt of 20 +\|/m);
    expect(table.stdout).toMatch(/^Matrix products: [\d.]+ GFLOP\/s; memory read by one core: /m);
  });
});
