import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
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

/** Of the models whose runs are killed. */
const models = {
  full: { model: 'full' },
  'matrix-adaptation': { model: 'full', factor: 'matrix-adaptation', precision: 'single' },
  sep: { model: 'sep' },
  iso: { model: 'iso' },
  'lm-ma': { model: 'lm-ma' },
};

/** Until the file has come on since it was read. */
async function untilChanged(path: string, before: Buffer | null, child: ChildProcess) {
  while (child.exitCode === null) {
    const now = bytesOf(path);
    if (now !== null && !(before && now.equals(before))) return;
    await wait(2);
  }
}

/**
 * Runs a script to its end once, and once killed at some moments of its progress: the files are the same.
 *
 * @param files what it writes, below the path that it is given
 * @param kills how often it is killed
 */
async function expectSameBytes(
  script: string,
  name: string,
  files: readonly string[],
  kills: number,
  ...args: string[]
): Promise<void> {
  const straight = join(folder, `${name}-straight`);
  expect(await ended(start(script, straight, ...args))).toBe(0);

  const path = join(folder, name);
  let killed = 0;
  for (; killed < kills; killed++) {
    const watched = join(path, files[killed % files.length]!);
    const before = bytesOf(watched);
    const child = start(script, path, ...args);
    const end = ended(child);
    await untilChanged(watched, before, child);
    await wait(40 + 10 * killed); // amid the writes that follow, after some generations of all
    child.kill('SIGKILL');
    const result = await end;
    if (result === 0) break; // it came through sooner
    expect(result).toBe('SIGKILL');
  }
  expect(killed).toBeGreaterThan(0);
  expect(await ended(start(script, path, ...args))).toBe(0);
  for (const file of files) {
    expect(readFileSync(join(path, file)).equals(readFileSync(join(straight, file))), file).toBe(
      true,
    );
    // at most what a killed write left behind lies beside it, never a part under the name itself
    expect(readdirSync(dirname(join(path, file)))).toContain(basename(join(path, file)));
  }
}

describe('a run whose process is killed ends with the same bytes, however often it was', () => {
  it('with every model', async () => {
    const names = Object.keys(models);
    await expectSameBytes('killed-run.mjs', 'models', names, 5, JSON.stringify(models), '20');
  }, 120_000);

  it('optimise, with three evaluations at once', async () => {
    await expectSameBytes('killed-optimise.mjs', 'optimise', [''], 3);
  }, 120_000);
});
