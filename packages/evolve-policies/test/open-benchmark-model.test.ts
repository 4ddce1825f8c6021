import { expect, it } from 'vitest';
import { openBenchmarkModel } from '../src/index.js';
import { folder } from './setup.js';

it('opens a folder for the table: loaded for the probe and at the length that a row asks for', async () => {
  const model = await openBenchmarkModel(folder, { threads: 1 });
  expect(model).toMatchObject({ folder, name: 'nano-llama', trainedLength: 128 });
  expect(model.version).toMatch(/^[0-9a-f]{12}$/);
  const setting = {
    ...{ model: model.name, version: model.version, factor: 4 },
    ...({ kind: 'yarn', alpha: 2, logitFactor: 1.25 } as const),
  };
  const probe = { kind: 'columnSums' } as const;
  const loaded = await model.loadModel(setting, { probe, chunkSize: 64 });
  expect(loaded).toMatchObject({ probe, chunkSize: 64, spec: { maximumPositions: 512 } });
  await loaded.release();
  const wrong = { threads: 1, unknwon: 1 } as never;
  await expect(openBenchmarkModel(folder, wrong)).rejects.toThrow(/^unknwon: /);
});
