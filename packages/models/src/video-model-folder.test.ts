import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { videoModelFolder, videoModelNames } from './video-model-folder.js';

describe.each([...videoModelNames])('%s', (name) => {
  const folder = videoModelFolder(name);

  it('is a complete folder with a card, and small', () => {
    const files = readdirSync(folder);
    for (const needed of ['README.md', 'config.json', 'processor_config.json', 'tokenizer.json']) {
      expect(files).toContain(needed);
    }
    expect(statSync(join(folder, 'model.safetensors')).size).toBeLessThan(12e6);
  });
});

describe('videoModelFolder', () => {
  it('refuses names it does not have', () => {
    // @ts-expect-error: plain JavaScript can ask for anything
    expect(() => videoModelFolder('../core')).toThrow(InvalidArgumentError);
  });
});
