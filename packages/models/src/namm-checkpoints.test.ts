import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import { expect, it } from 'vitest';
import { modelFolder, modelNames } from './model-folder.js';
import { checkpointsIn, nammCheckpoints } from './namm-checkpoints.js';

it('finds checkpoints by their names, in order', () => {
  const folder = mkdtempSync(join(tmpdir(), 'namm-models-'));
  for (const file of ['namm-2.safetensors', 'model.safetensors', 'namm-1.safetensors', 'namm.md']) {
    writeFileSync(join(folder, file), '');
  }
  const names = ['namm-1.safetensors', 'namm-2.safetensors'];
  expect(checkpointsIn(folder)).toEqual(names.map((name) => join(folder, name)));
  rmSync(folder, { recursive: true });
});

it('lists those of the bundled models', () => {
  for (const name of modelNames) {
    expect(nammCheckpoints(name)).toEqual(checkpointsIn(modelFolder(name)));
  }
  expect(() => nammCheckpoints('none' as 'nano-llama')).toThrow(InvalidArgumentError);
});
