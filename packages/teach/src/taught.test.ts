import { Decoder } from '@namm/decoder';
import { modelFolder, modelNames, taughtNameFor } from '@namm/models';
import { describe, expect, it } from 'vitest';
import { taught } from './taught.js';

const ropeScaling = { factor: 8, kind: 'ntk' as const };
const ids = Int32Array.from({ length: 400 }, (_, i) => (i * i + 3 * i) % 500);

describe('taught', () => {
  it.each(modelNames)('bounds the cache of %s by its own scorer', async (name) => {
    const model = await Decoder.load(modelFolder(name), { ropeScaling, chunkSize: 64, threads: 1 });
    expect(taughtNameFor(model.cacheShape.weights)).toBe(name); // also when its context is extended
    const policy = await taught({ checkpoint: name, budget: '25%', recent: 16 });
    const cache = model.createCache({ policy });
    await model.step([{ cache, input: { ids } }]);
    const { rows, keptPerHead } = cache.memory();
    const heads = keptPerHead.flat();
    expect(rows).toBe(heads.length * 100);
    expect(new Set(heads).size).toBeGreaterThan(1); // heads keep what they have of worth
    const judging = await taught({ checkpoint: name, threshold: '25%', recent: 16 });
    const judged = model.createCache({ policy: judging });
    await model.step([{ cache: judged, input: { ids } }]);
    expect(judged.memory().rows).toBeLessThan(heads.length * 400);
    expect(judged.memory().bytes.policy).toBe(heads.length * 16 * 4);
    await model.release();
  });

  it('refuses another model, and options that cannot be', async () => {
    const model = await Decoder.load(modelFolder('nano-llama'), { threads: 1 });
    const other = await taught({ checkpoint: 'nano-llama-2', budget: '25%' });
    expect(() => model.createCache({ policy: other })).toThrow(/fitted on another model/);
    await model.release();
    const checkpoint = 'nano-llama';
    await expect(taught({ checkpoint, threshold: 'much' })).rejects.toThrow(/'much' is neither/);
    await expect(taught({ checkpoint, threshold: '0%' })).rejects.toThrow(/'0%' is neither/);
    await expect(taught({ checkpoint })).rejects.toThrow(/either a budget or a threshold/);
    await expect(taught({ budget: 1 } as never)).rejects.toThrow(/name a file, or one of/);
    await expect(taught({ checkpoint: 'none.safetensors', budget: 1 })).rejects.toThrow(/none/);
  });
});
