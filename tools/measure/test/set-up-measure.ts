import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandHost } from '@namm/testing';
import { afterAll, beforeAll } from 'vitest';

/** The commands of `measure` in one process, and a folder for what they write; both go with the test file. */
export function setUpMeasure(name: string) {
  const commands = new CommandHost(fileURLToPath(new URL('../dist/cli.js', import.meta.url)));
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), `namm-${name}-test-`));
  });
  afterAll(async () => {
    commands.stop();
    await rm(folder, { recursive: true });
  });
  return {
    commands,
    get folder() {
      return folder;
    },
  };
}
