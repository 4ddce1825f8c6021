import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'namm-killed-'));
afterAll(() => rmSync(folder, { recursive: true }));

function start(script: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: 'inherit',
  });
}

/** How the process ended: its exit status, or the signal. */
const ended = (child: ChildProcess) =>
  new Promise<number | string | null>((resolve) => {
    child.once('exit', (status, signal) => resolve(signal ?? status));
  });

const bytesOf = (path: string) => (existsSync(path) ? readFileSync(path) : null);

/** Until the file has come on since it was read. */
async function untilChanged(path: string, before: Buffer | null, child: ChildProcess) {
  while (child.exitCode === null) {
    const now = bytesOf(path);
    if (now !== null && !(before && now.equals(before))) return;
    await wait(2);
  }
}

/** Runs a script to its end once, and once killed three times at some progress: the files are the same. */
async function expectSameBytes(script: string, name: string, ...args: string[]): Promise<void> {
  const straight = join(folder, `${name}-straight`);
  expect(await ended(start(script, straight, ...args))).toBe(0);

  const path = join(folder, name);
  let kills = 0;
  for (let more = 0; more < 3; more++) {
    const before = bytesOf(path);
    const child = start(script, path, ...args);
    const end = ended(child);
    await untilChanged(path, before, child);
    await wait(7 * more); // amid the writes that follow
    child.kill('SIGKILL');
    const result = await end;
    if (result === 0) break; // it came through sooner
    expect(result).toBe('SIGKILL');
    kills++;
  }
  expect(kills).toBeGreaterThan(0);
  expect(await ended(start(script, path, ...args))).toBe(0);
  expect(readFileSync(path).equals(readFileSync(straight))).toBe(true);
  // at most what a killed write left behind lies beside it, never a part under the name itself
  expect(readdirSync(folder)).toContain(name);
}

describe('a run whose process is killed ends with the same bytes, however often it was', () => {
  it.each([
    ['full', { model: 'full' }],
    ['matrix-adaptation', { model: 'full', factor: 'matrix-adaptation', precision: 'single' }],
    ['sep', { model: 'sep' }],
    ['iso', { model: 'iso' }],
    ['lm-ma', { model: 'lm-ma' }],
  ])(
    '%s',
    (name, options) => expectSameBytes('killed-run.mjs', name, JSON.stringify(options), '10'),
    120_000,
  );

  it('optimise, with three evaluations at once', async () => {
    await expectSameBytes('killed-optimise.mjs', 'optimise');
  }, 120_000);
});
