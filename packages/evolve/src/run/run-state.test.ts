import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CmaEs } from '@namm/cma-es';
import { FileFormatError } from '@namm/core';
import { parseSafetensors, serializeSafetensors } from '@namm/tensors/portable';
import { expectFlipsSeen, inFolder } from '@namm/testing';
import { expect, it } from 'vitest';
import { type RunState, readRunState, writeRunState } from './run-state.js';

const isScore = (value: unknown): value is number => typeof value === 'number';

/** A run in the middle of its second generation. */
function halfway(): RunState<number> {
  const strategy = new CmaEs({ mean: [3, -2, 1], sigma: 1, seed: 7 });
  strategy.tell(strategy.ask().map(({ id, parameters }) => ({ id, fitness: parameters[0]! ** 2 })));
  strategy.ask();
  return {
    ...{ strategy, stage: 1, generationInStage: 2, logged: 3 },
    prepared: {
      mean: { shape: [2], data: Float32Array.of(0.5, 0.25) },
      count: { shape: [1], data: Float64Array.of(1e9 + 0.5) },
    },
    pending: new Map([[4, [[1, 0.5]]]]),
    best: {
      ...{ generation: 1, stage: 0, fitness: 0.1, shortfall: 0, cost: 2 },
      parameters: Float64Array.of(1, -0, 1e-300),
    },
  };
}

it('goes on from a file as from memory: one file of named tensors', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'state.safetensors');
    const state = halfway();
    await writeRunState(path, state);
    const names = [...parseSafetensors(await readFile(path), path).tensors.keys()];
    expect(names).toContain('prepared.mean');
    expect(names.filter((name) => name.startsWith('strategy.')).length).toBeGreaterThan(3);
    const { strategy, ...rest } = await readRunState(path, isScore);
    const { strategy: own, ...others } = state;
    expect(rest).toEqual(others);
    for (const each of [strategy, own]) {
      each.tell(
        each
          .ask({ reuse: true })
          .map(({ id, parameters }) => ({ id, fitness: parameters[1]! ** 2 })),
      );
    }
    expect(strategy.mean).toEqual(own.mean);
    expect(strategy.save()).toEqual(own.save());
    const all = async () => {
      const { strategy: read, ...more } = await readRunState(path, isScore);
      return [read.save(), more];
    };
    await expectFlipsSeen(path, all);
  }));

it('refuses what is damaged, of another version, or something else', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'state.safetensors');
    const refused = async (bytes: Uint8Array, message: RegExp) => {
      await writeFile(path, bytes);
      const reading = readRunState(path, isScore);
      await expect(reading).rejects.toThrow(FileFormatError);
      await expect(reading).rejects.toThrow(message);
    };
    await writeRunState(path, halfway());
    const bytes = await readFile(path);
    const damaged = Uint8Array.from(bytes);
    damaged[damaged.length - 3]! ^= 1;
    await refused(damaged, /state\.safetensors: is damaged/);
    await refused(bytes.subarray(0, -8), /state\.safetensors/);
    const nested = { strategy: { shape: [3], data: Uint8Array.of(1, 2, 3) } };
    const old = { format: 'namm-evolution', version: '2', progress: '{}' };
    const fromMean = /of version 2, this is version 3; start another run from its mean/;
    await refused(serializeSafetensors(Object.entries(nested), old), fromMean);
    await refused(serializeSafetensors([], { format: 'other' }), /is not a state of an evolution/);
    await writeRunState(path, halfway());
    const isText = (value: unknown): value is string => typeof value === 'string';
    await expect(readRunState(path, isText)).rejects.toThrow('is not a score of this problem');
  }));
