import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import { openSafetensors } from '@namm/tensors';
import { describe, expect, it } from 'vitest';
import { modelFolder, modelNames } from './model-folder.js';

describe.each([...modelNames])('%s', (name) => {
  const folder = modelFolder(name);

  it('is a complete Hugging Face folder with a card', () => {
    expect(readdirSync(folder)).toEqual(
      expect.arrayContaining([
        'README.md',
        'config.json',
        'generation_config.json',
        'model.safetensors',
        'tokenizer.json',
        'tokenizer_config.json',
      ]),
    );
  });

  it('is small, and its weights are as many as its configuration says', async () => {
    const bytes = readdirSync(folder).map((file) => statSync(join(folder, file)).size);
    expect(bytes.reduce((a, b) => a + b)).toBeLessThan(12e6);
    const { tensors } = await openSafetensors(join(folder, 'model.safetensors'));
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
    const { vocab_size, hidden_size } = config;
    expect(tensors.get('model.embed_tokens.weight')!.shape).toEqual([vocab_size, hidden_size]);
  });
});

describe('modelFolder', () => {
  it('refuses names it does not have', () => {
    // @ts-expect-error: plain JavaScript can ask for anything
    expect(() => modelFolder('../core')).toThrow(InvalidArgumentError);
  });
});
