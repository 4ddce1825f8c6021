import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countWords } from '../test/test-filler.js';
import { generateRepetition } from './generate-repetition.js';
import { writeSamples } from './write-samples.js';

describe('writeSamples', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'benchmarks-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const samples = Array.from({ length: 200 }, (_, index) =>
    generateRepetition({ length: 512, seed: 1, index, countTokens: countWords }),
  );

  it('writes one JSON object per line', async () => {
    const file = join(folder, 'samples.jsonl');
    expect(await writeSamples(file, samples)).toBe(200);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(samples);
  });

  it('fails when the file cannot be written', async () => {
    await expect(writeSamples(join(folder, 'no', 'folder.jsonl'), samples)).rejects.toThrow(
      /ENOENT/,
    );
  });
});
