import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'namm-killed-'));
afterAll(() => rmSync(folder, { recursive: true }));

const script = join(import.meta.dirname, 'killed-run.mjs');

function start(path: string, options: object, generations: number): ChildProcess {
  const args = [script, path, JSON.stringify(options), String(generations)];
  return spawn(process.execPath, args, { stdio: 'inherit' });
}

/** How the process ended: its exit status, or the signal. */
const ended = (child: ChildProcess) =>
  new Promise<number | string | null>((resolve) => {
    child.once('exit', (status, signal) => resolve(signal ?? status));
  });

describe('a run whose process is killed', () => {
  it.each([
    ['full', { model: 'full' }],
    ['matrix-adaptation', { model: 'full', factor: 'matrix-adaptation', precision: 'single' }],
    ['sep', { model: 'sep' }],
    ['iso', { model: 'iso' }],
    ['lm-ma', { model: 'lm-ma' }],
  ])(
    '%s: ends with the same bytes, however often it was',
    async (name, options) => {
      const generations = 25;
      const straight = join(folder, `${name}-straight`);
      expect(await ended(start(straight, options, generations))).toBe(0);

      const path = join(folder, name);
      let kills = 0;
      for (let attempt = 0; ; attempt++) {
        const child = start(path, options, generations);
        const end = ended(child);
        // long enough to come further each time, not long enough to come through at first
        await Promise.race([end, wait(200 + attempt * 100)]);
        child.kill('SIGKILL');
        const result = await end;
        if (result === 0) break;
        expect(result).toBe('SIGKILL');
        kills++;
      }
      expect(kills).toBeGreaterThan(0);
      expect(readFileSync(path).equals(readFileSync(straight))).toBe(true);
      // at most what a killed write left behind lies beside it, never a part under the name itself
      expect(readdirSync(folder)).toContain(name);
    },
    120_000,
  );
});
