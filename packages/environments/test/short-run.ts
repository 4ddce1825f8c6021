import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trainArs } from '../src/training/train-ars.js';

/** Of a run so short that it takes a second. */
export const settings = {
  environment: { name: 'hopper' },
  seed: 5,
  directions: 2,
  best: 1,
  shift: 1,
  evaluateEvery: 2,
  evaluationEpisodes: 2,
} as const;

/** A new folder, and the short run in it. */
export async function shortRun() {
  const folder = await mkdtemp(join(tmpdir(), 'namm-ars-'));
  const run = await trainArs({ ...settings, folder: join(folder, 'run'), steps: 400, workers: 0 });
  return { folder, run };
}

/** All files of a run, as text. */
export async function contents(of: string): Promise<Record<string, string>> {
  const names = (await readdir(of)).filter((name) => name.endsWith('.json'));
  const texts = names.sort().map(async (name) => [name, await readFile(join(of, name), 'utf8')]);
  return Object.fromEntries(await Promise.all(texts)) as Record<string, string>;
}
