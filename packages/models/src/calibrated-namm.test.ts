import { readdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import { openSafetensors } from '@namm/tensors';
import { expect, it } from 'vitest';
import { calibratedNames, calibratedNamm } from './calibrated-namm.js';
import { nammCheckpoints } from './namm-checkpoints.js';

it.each(calibratedNames)(
  '%s: the scorer of nano-llama, with statistics of its own',
  async (name) => {
    const [language, own] = await Promise.all(
      [nammCheckpoints('nano-llama')[0]!, calibratedNamm(name)].map(openSafetensors),
    );
    const [evolved, parameters] = await Promise.all(
      [language!, own!].map((file) => file.readFloat32('parameters')),
    );
    // But for the last one, the bias of the output: the threshold.
    expect(parameters!.slice(0, -1)).toEqual(evolved!.slice(0, -1));
    const [means, ownMeans] = await Promise.all(
      [language!, own!].map((file) => file.readFloat32('normaliser.mean')),
    );
    expect(ownMeans).not.toEqual(means);
    const { transfer } = JSON.parse(own!.metadata.get('provenance')!);
    expect(transfer).toMatchObject({ form: 'calibrated', episodes: 8, seed: 1_000_000 });
    expect(statSync(calibratedNamm(name)).size).toBeLessThan(9000);
  },
);

it('has a file for each name and no other', () => {
  const files = readdirSync(dirname(calibratedNamm('t-maze')));
  const named = calibratedNames.map((name) => `${name}.safetensors`);
  expect(files.sort()).toEqual(['README.md', ...named].sort());
  expect(() => calibratedNamm('hopper' as 't-maze')).toThrow(InvalidArgumentError);
});
