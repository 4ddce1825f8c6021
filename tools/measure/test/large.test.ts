import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSafetensors } from '@namm/tensors';
import { CommandHost } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeRandomShards } from '../src/large/write-random-shards.js';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

const commands = new CommandHost(cli);
afterAll(() => commands.stop());

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-large-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

const shape = ['--layers', '2', '--heads', '4', '--vocabulary', '300'];
const short = ['--length', '40', '--decode-tokens', '3', '--budget', '16'];

describe('measure large', () => {
  it('rounds shards to few bits and runs them, and leaves nothing behind', async () => {
    const command = ['large', '--work', folder, ...shape, ...short];
    const { status, stdout, stderr } = await commands.run([...command, '--json']);
    expect(stderr).toBe('');
    const { bytes, first, second } = JSON.parse(stdout);
    const layer = 512 * 512 * 2 + 2 * 128 * 512 + 3 * 1792 * 512 + 2 * 512;
    expect(bytes).toBe(2 * (2 * layer + 2 * 300 * 512 + 512));
    expect(first.map(({ part }: { part: string }) => part)).toEqual(['load']);
    expect(second.map(({ part }: { part: string }) => part)).toEqual(['load', 'prefill', 'decode']);
    for (const { cpu, wall, peakMegabytes, residentMegabytes } of [...first, ...second]) {
      expect(cpu).toBeGreaterThan(0);
      expect(wall).toBeGreaterThan(0);
      expect(residentMegabytes).toBeGreaterThan(10);
      expect(residentMegabytes).toBeLessThanOrEqual(peakMegabytes + 1);
    }
    expect(await readdir(folder)).toEqual([]);
    expect(status).toBe(0);
  });

  it('prints a table', async () => {
    const { stdout } = await commands.run(['large', '--work', folder, ...shape, ...short]);
    for (const part of ['first start', 'second start', 'prompt', 'answer']) {
      expect(stdout).toMatch(new RegExp(`^\\| ${part} +\\|`, 'm'));
    }
  });

  it('writes the same numbers for a seed, others for another, about as large as trained ones', async () => {
    const numbersOf = async (seed: number) => {
      const path = join(folder, 'model');
      await writeRandomShards(path, { layers: 1, heads: 4, vocabulary: 300 }, seed, () => {});
      const shard = await openSafetensors(join(path, 'model-00002-of-00003.safetensors'));
      const numbers = await shard.readFloat32('model.layers.0.mlp.down_proj.weight');
      await rm(path, { recursive: true });
      return numbers;
    };
    const numbers = await numbersOf(1);
    expect(await numbersOf(1)).toEqual(numbers);
    expect(await numbersOf(2)).not.toEqual(numbers);
    const mean = numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
    const deviation = Math.sqrt(numbers.reduce((sum, n) => sum + n * n, 0) / numbers.length);
    const wanted = 1 / Math.sqrt(1792);
    expect(Math.abs(mean)).toBeLessThan(0.01 * wanted);
    expect(deviation / wanted).toBeGreaterThan(1 / 1.5);
    expect(deviation / wanted).toBeLessThan(1.5);
  });

  it('explains what is wrong', async () => {
    const cases: [args: string[], message: string][] = [
      [['--heads', '6'], "'6' is no multiple of 4"],
      [['--dtype', 'q5'], "'q5' is none of auto, fp32, q8, q4"],
      [['--work', join(folder, 'nowhere')], 'does not exist'],
    ];
    for (const [args, message] of cases) {
      const { status, stderr } = await commands.run(['large', ...shape, ...short, ...args]);
      expect(stderr, args.join(' ')).toContain(message);
      expect(status, args.join(' ')).not.toBe(0);
    }
  });
});
