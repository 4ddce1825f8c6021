import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@namm/core';
import { afterAll } from 'vitest';
import type { Frame } from '../src/index.js';

/** A folder of the test file that is gone after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'namm-cache-video-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Frames of noise, a second apart. */
export function noise(count: number, { seed = 1, width = 20, height = 12 } = {}): Frame[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, timestamp) => ({
    ...{ timestamp, width, height },
    rgb: Uint8Array.from({ length: width * height * 3 }, () => Math.floor(random.uniform() * 256)),
  }));
}

/** Runs ffmpeg, which the tests make their clips with. */
export function ffmpeg(...args: readonly string[]): void {
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args]);
}

/** A clip of moving test patterns, 5 frames per second unless its arguments say otherwise. */
export function makeClip(
  path: string,
  { seconds = 4, size = '64x48', args = [] as string[] } = {},
) {
  ffmpeg('-f', 'lavfi', '-i', `testsrc=size=${size}:rate=5:duration=${seconds}`, ...args, path);
  return path;
}

/** The frames of a clip as images in a folder. */
export function framesOf(clip: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  ffmpeg('-i', clip, '-fps_mode', 'passthrough', join(folder, 'frame-%d.png'));
  return folder;
}

/** Processes whose command line has this text in it. */
export function processesWith(text: string): string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid,stat,args'], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes(text) && line.includes('ffmpeg'));
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
