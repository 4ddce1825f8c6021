import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Decoder } from '@namm/decoder';
import { modelFolder } from '@namm/models';
import { loadNamm, randomNammFor, SpectrumCollector, writeCheckpoint } from '@namm/namm';
import { expect, it } from 'vitest';

it('a NAMM in a worker thread decides what it decides here', async () => {
  const work = await mkdtemp(join(tmpdir(), 'namm-worker-test-'));
  try {
    const folder = modelFolder('nano-llama');
    const ids = Array.from({ length: 120 }, (_, i) => (31 * i + 7) % 2000);
    const { probe } = new SpectrumCollector({ updateInterval: 48 }).policy;
    const decoder = await Decoder.load(folder, { probe, threads: 1 });
    const checkpoint = join(work, 'namm.safetensors');
    await writeCheckpoint(
      checkpoint,
      await randomNammFor(decoder, ids, { updateInterval: 48, seed: 3 }),
    );
    const policy = await loadNamm({ checkpoint, scoreOffset: 0.5 });
    const cache = decoder.createCache({ policy });
    const [result] = await decoder.step([{ cache, input: { ids } }]);
    const { keptPerHead, rows } = cache.memory();
    await decoder.release();
    expect(rows).toBeLessThan(8 * 120);

    const target = join(work, 'result.json');
    const script = join(import.meta.dirname, 'namm-worker.mjs');
    const args = [script, folder, checkpoint, JSON.stringify(ids), target];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const inWorker = JSON.parse(await readFile(target, 'utf8'));
    expect(inWorker.keptPerHead).toEqual(keptPerHead);
    expect(inWorker.logits).toEqual([...result!.logits]);
  } finally {
    await rm(work, { recursive: true });
  }
});
