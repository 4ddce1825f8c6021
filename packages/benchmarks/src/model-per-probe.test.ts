import { Decoder } from '@namm/decoder';
import { h2o, sinkRecent, tova } from '@namm/kv-cache';
import { randomModel } from '@namm/testing';
import { expect, it } from 'vitest';
import { ModelPerProbe } from './model-per-probe.js';

it('steps each cache by the model that its policy needs, loaded once', async () => {
  const files = await randomModel();
  const loaded: string[] = [];
  const models = new ModelPerProbe((probe) => {
    loaded.push(probe.kind);
    return Decoder.load(files.folder, { probe, threads: 1 });
  });
  const ids = [3, 1, 4, 1, 5, 9, 2, 6];
  const policies = [sinkRecent, tova, h2o, tova].map((create) => create({ budget: 4 }));
  for (const policy of policies) {
    const alone = await Decoder.load(files.folder, { probe: policy.probe, threads: 1 });
    const [cache, own] = [await models.createCache({ policy }), alone.createCache({ policy })];
    const [result] = await models.step([{ cache, input: { ids } }]);
    const [expected] = await alone.step([{ cache: own, input: { ids } }]);
    expect(result!.logits).toEqual(expected!.logits);
    expect(cache.tokens(0, 0)).toEqual(own.tokens(0, 0));
    await alone.release();
  }
  expect(loaded).toEqual(['none', 'lastQueries', 'columnSums']);
  const caches = await Promise.all(policies.map((policy) => models.createCache({ policy })));
  const items = caches.map((cache) => ({ cache, input: { ids } }));
  await expect(models.step(items)).rejects.toThrow(/3 kinds of probes/);
  // A fork under another policy goes on where that is at home.
  const whole = await models.createCache();
  await models.step([{ cache: whole, input: { ids } }]);
  const fork = whole.fork((await models.createCache()).policy);
  expect((await models.step([{ cache: fork, input: { ids } }]))[0]!.logits.length).toBe(23);
  await models.release();
  await models.step([{ cache: whole, input: { ids } }]); // loads it again
  expect(loaded.at(-1)).toBe('none');
  await models.release();
  await files.remove();
});
