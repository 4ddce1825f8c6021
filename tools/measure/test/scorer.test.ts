import { fileURLToPath } from 'node:url';
import { CommandHost } from '@namm/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { measureScorers } from '../src/scorer/measure-scorers.js';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const commands = new CommandHost(cli);
afterAll(() => commands.stop());
const scorer = (...args: string[]) => commands.run(['scorer', '--rounds', '1', ...args]);

describe('measure scorer', () => {
  it('finds that all forms give the same scores, and sets them beside the kernel', async () => {
    const { status, stdout, stderr } = await scorer('--tokens', '100', '--heads', '8');
    expect(stderr).toBe('');
    const rows = stdout.split('\n').filter((line) => /^\| (kernel|ORT|plain)/.test(line));
    expect(rows).toHaveLength(6);
    expect(rows[0]).toMatch(/\| kernel .* 1\.00 \|$/);
    expect(status).toBe(0);
  });

  it('refuses what it cannot measure', async () => {
    const odd = await scorer('--heads', '9');
    expect(odd.stderr).toBe('measure: --heads must be a multiple of 8\n');
    expect(odd.status).toBe(2);
    expect((await scorer('--tokens', '0')).status).toBe(2);
  });

  it('times nothing when one computes something else', async () => {
    const contender = (name: string, score: number) => ({
      name,
      heads: 1,
      run: async () => new Float32Array(4).fill(score),
    });
    const wrong = [contender('kernel', 1), contender('other', 1.1)];
    const measured = measureScorers(wrong, new Float32Array(100), 4, 1);
    await expect(measured).rejects.toThrow(/other differs from the kernel by 0.1/);
  });
});
