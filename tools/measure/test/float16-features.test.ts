import { stateOfTheUnion } from '@namm/benchmarks/texts';
import { Decoder, loadTokenizer } from '@namm/decoder';
import type { EvictionPolicy, KeptSlots } from '@namm/kv-cache';
import { modelFolder } from '@namm/models';
import { namm, randomNammFor, SpectrumCollector } from '@namm/namm';
import { expect, it } from 'vitest';
import { findScoreOffset } from '../src/prefill/find-score-offset.js';

/** The decisions of `policy`; beside it `other` follows, and what it would have decided is counted. */
function compared(policy: EvictionPolicy, other: EvictionPolicy) {
  const count = { decisions: 0, different: 0, kept: 0 };
  const both: EvictionPolicy = {
    ...policy,
    start(shape) {
      const [own, shadow] = [policy.start(shape), other.start(shape)];
      return {
        bytes: 0,
        observe(layer, observation) {
          own.observe(layer, observation);
          shadow.observe(layer, observation);
        },
        spectrumFeeds: (queries) => own.spectrumFeeds!(queries),
        async select(view) {
          const decided = await own.select(view);
          if (view.seen % policy.updateInterval! !== 0) return decided;
          const wouldBe = await shadow.select(view);
          for (const [layer, { keyValueHeads }] of view.shape.layers.entries()) {
            for (let head = 0; head < keyValueHeads; head++) {
              const length = view.length(layer, head);
              const one = slotsOf(decided[layer], head, length);
              const two = slotsOf(wouldBe[layer], head, length);
              count.decisions += length;
              count.kept += one.size;
              for (let slot = 0; slot < length; slot++) {
                if (one.has(slot) !== two.has(slot)) count.different++;
              }
            }
          }
          return decided;
        },
        retain(kept) {
          own.retain(kept);
          shadow.retain(kept);
        },
        fork: () => own.fork(),
        save: () => own.save(),
      };
    },
  };
  return { both, count };
}

function slotsOf(kept: KeptSlots | null | undefined, head: number, length: number): Set<number> {
  return new Set(kept ? kept[head]! : Array.from({ length }, (_, slot) => slot));
}

it('half precision changes at most one in a thousand decisions on prose', async () => {
  const folder = modelFolder('nano-llama');
  const tokenizer = await loadTokenizer(folder);
  const ids = [...tokenizer.encode(stateOfTheUnion(1790, 1944)[0]!.text)].slice(0, 1024);
  const { probe } = new SpectrumCollector({ updateInterval: 64 }).policy;
  const decoder = await Decoder.load(folder, { probe, threads: 1, maximumPositions: 1024 });
  const count = { decisions: 0, different: 0, kept: 0 };
  for (const seed of [1, 2, 3]) {
    const checkpoint = await randomNammFor(decoder, ids, { updateInterval: 64, seed });
    const scoreOffset = await findScoreOffset(decoder, ids, checkpoint, 0.3);
    const [exact, rounded] = (['float32', 'float16'] as const).map((storage) =>
      namm(checkpoint, { scoreOffset, storage }),
    );
    const run = compared(exact!, rounded!);
    const cache = decoder.createCache({ policy: run.both });
    await decoder.step([{ cache, input: { ids }, outputs: 'none' }]);
    for (const key of Object.keys(count) as (keyof typeof count)[]) count[key] += run.count[key];
  }
  await decoder.release();
  expect(count.decisions).toBeGreaterThan(50_000);
  expect(count.kept / count.decisions).toBeGreaterThan(0.2);
  expect(count.kept / count.decisions).toBeLessThan(0.9);
  expect(count.different / count.decisions).toBeLessThanOrEqual(1e-3);
});
