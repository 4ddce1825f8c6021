import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publishedBam } from '@namm/bam';
import { FileFormatError } from '@namm/core';
import { openSafetensors, type TorchArray } from '@namm/tensors';
import { inFolder } from '@namm/testing';
import { describe, expect, it } from 'vitest';
import { fixture } from '../testing/fixture.js';
import { importReferenceCheckpoint, readReferenceState } from './reference-checkpoint.js';

const bytesOf = ({ buffer, byteOffset, byteLength }: TorchArray | Uint8Array) =>
  Buffer.from(buffer, byteOffset, byteLength);

describe('readReferenceState', () => {
  it.each([
    ['ckpt_small_N12.pt', 'ckpt_small_N12', 41],
    ['ckpt_small_N12_cuda.pt', 'ckpt_small_N12', 41],
    ['ckpt_small_legacy_format.pt', 'ckpt_small_legacy_format', 4],
    ['ckpt_small_prefixed.pt', 'ckpt_small_prefixed', 3],
    ['ckpt_4172_expanded.pt', 'ckpt_4172_expanded', 300],
  ])('reads %s bit for bit', async (name, expectedName, iteration) => {
    const state = await readReferenceState(fixture(name));
    expect(state.iteration).toBe(iteration);
    const expected = await openSafetensors(fixture(`${expectedName}.expected.safetensors`));
    for (const entry of expected.tensors.values()) {
      const tensor = state.tensors.get(entry.name.replace('_orig_mod.', ''))!;
      const actual = bytesOf(await tensor.read());
      expect(actual.equals(await expected.readBytes(entry.name)), entry.name).toBe(true);
    }
  });

  it('reads tensors that share one element', async () => {
    const { tensors } = await readReferenceState(fixture('ckpt_4172_expanded.pt'));
    const x = tensors.get('x')!;
    expect(x.shape).toEqual([32, 4172]);
    const numbers = await x.read();
    expect(numbers).toHaveLength(32 * 4172);
    expect(new Set(numbers as Float32Array).size).toBe(1);
  });
});

describe('importReferenceCheckpoint', () => {
  it('takes the mean and the statistics of the mean', async () => {
    const checkpoint = await importReferenceCheckpoint(fixture('ckpt_4172_expanded.pt'));
    const expected = await openSafetensors(fixture('ckpt_4172_expanded.expected.safetensors'));
    const buffer = 'stored_buffers_to_save.token_embedding_0_output_';
    expect(checkpoint.parameters).toEqual(await expected.readFloat32('mean'));
    expect(checkpoint.normaliser.mean).toEqual(await expected.readFloat32(`${buffer}mean`));
    expect(checkpoint.normaliser.variance).toEqual(await expected.readFloat32(`${buffer}var`));
    expect(checkpoint.normaliser.count[0]).toBe((await expected.readNumbers(`${buffer}num`))[0]);
    expect(checkpoint.scorer).toEqual(publishedBam);
    expect(checkpoint.provenance).toMatchObject({ iteration: 300, bestValidation: 1.1039 });
  });

  it('asks for the scorer when the vector is of another size', async () => {
    const path = fixture('ckpt_small_N12.pt');
    await expect(importReferenceCheckpoint(path)).rejects.toThrow(/mean has 12 numbers where 4172/);
    const scorer = { kind: 'linear', features: 12, bias: false } as const;
    await expect(importReferenceCheckpoint(path, { scorer })).rejects.toThrow(/12 features, but/);
  });
});

// `tensor-scores.pt` holds `np.array([12])` and `torch.tensor(0.5)`.
it.each(['numpy-scores.pt', 'tensor-scores.pt'])(
  'reads counts and scores that are no plain numbers, in %s',
  async (name) => {
    const state = await readReferenceState(fixture(name));
    expect({ ...state, tensors: [...state.tensors.keys()] }).toEqual({
      tensors: ['mean'],
      iteration: 12,
      bestValidation: 0.5,
    });
  },
);

it('refuses a file that is not a checkpoint of the reference', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'ckpt.pt');
    await writeFile(path, '<!doctype html>');
    await expect(readReferenceState(path)).rejects.toThrow(FileFormatError);
  });
  const read = (name: string) => readReferenceState(fixture(name));
  await expect(read('other-object.pt')).rejects.toThrow(/has no evolution_state/);
  await expect(read('no-tensor.pt')).rejects.toThrow(
    /"mean" in its evolution_state is not a tensor/,
  );
});
