import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parameterCount, publishedBam } from '@namm/bam';
import { importReferenceCheckpoint, type ReferenceState, readReferenceState } from '@namm/namm';
import { openSafetensors, type SafetensorsFile } from '@namm/tensors';
import type { ConformanceKind, ConformanceResult } from './conformance-kind.js';

const pattern = /^ckpt_\w+\.pt$/;
const withoutPrefix = (name: string) => name.replace('_orig_mod.', '');

/** Checkpoints of the reference implementation, bit for bit. */
export const ckpt: ConformanceKind = {
  name: 'ckpt',
  recognises: async (folder) => (await readdir(folder)).some((file) => pattern.test(file)),
  async *run(folder) {
    for (const file of (await readdir(folder)).filter((name) => pattern.test(name)).sort()) {
      const name = basename(file, '.pt');
      // A checkpoint saved on a GPU has the numbers of the one it was made from.
      const expectedName = `${name.replace(/_cuda$/, '')}.expected.safetensors`;
      const expected = await openSafetensors(join(folder, expectedName));
      const path = join(folder, file);
      const state = await readReferenceState(path);
      const wrong = await differingTensors(state, expected);
      const note = wrong.slice(0, 5).join(', ');
      yield result(`${name}: ${expected.tensors.size} tensors`, wrong.length === 0, note);

      const mean = state.tensors.get('mean');
      if (mean?.shape[0] !== parameterCount(publishedBam)) continue;
      const { parameters, normaliser } = await importReferenceCheckpoint(path);
      const statistics = 'stored_buffers_to_save.token_embedding_0_output_';
      const isSame =
        isEqual(parameters, await expected.readFloat32('mean')) &&
        isEqual(normaliser.mean, await expected.readFloat32(`${statistics}mean`)) &&
        isEqual(normaliser.variance, await expected.readFloat32(`${statistics}var`));
      yield result(`${name}: imported`, isSame, 'mean or statistics are others');
    }
  },
};

async function differingTensors(
  { tensors }: ReferenceState,
  expected: SafetensorsFile,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const { name } of expected.tensors.values()) {
    const numbers = await tensors.get(withoutPrefix(name))?.read();
    const bytes = numbers && Buffer.from(numbers.buffer);
    if (!bytes?.equals(await expected.readBytes(name))) wrong.push(name);
  }
  return wrong;
}

function isEqual(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function result(name: string, ok: boolean, problem: string): ConformanceResult {
  return { kind: 'ckpt', name, error: null, tolerance: null, ok, ...(ok ? {} : { note: problem }) };
}
