import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoppingCriteria } from '@huggingface/transformers';
import { NammError } from '@namm/core';
import { h2o, sinkRecent } from '@namm/kv-cache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NammModelForCausalLM } from '../src/index.js';
import { idsTensor, loadModel, reference, rowsOf } from './helpers.js';

const long = idsTensor(Array.from({ length: 120 }, (_, i) => 3 + (i % 500)));
const input_ids = idsTensor(reference.input_ids);

let model: NammModelForCausalLM;
beforeAll(async () => {
  model = await loadModel({ chunkSize: 8, policy: h2o({ budget: 16 }) });
});
afterAll(() => model.dispose());

const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (value) => value,
    (error: unknown) => error,
  );

/** Begins to read a long prompt, and does something once the first chunk is read. */
async function meanwhile(
  own: NammModelForCausalLM,
  action: (cache: ReturnType<typeof own.createCache>) => Promise<unknown>,
) {
  const cache = own.createCache();
  let acted: Promise<unknown> | null = null;
  const answer = await outcome(
    own.generate({
      input_ids: long,
      past_key_values: cache,
      max_new_tokens: 4,
      onProgress: () => {
        acted ??= outcome(action(cache));
      },
    }),
  );
  return { cache, answer, acted: await acted! };
}

const fresh = async (past_key_values?: ReturnType<NammModelForCausalLM['createCache']>) =>
  rowsOf(
    await model.generate({
      input_ids: long,
      max_new_tokens: 4,
      ...(past_key_values && { past_key_values }),
    }),
  );

describe('while an answer is written', () => {
  it.each<[string, (cache: ReturnType<NammModelForCausalLM['createCache']>) => Promise<unknown>]>([
    [
      'another on the same cache',
      (past_key_values) => model.generate({ input_ids, past_key_values }),
    ],
    ['a fork', (cache) => cache.fork()],
    ['saving', (cache) => cache.save(join(tmpdir(), 'namm-never-written'))],
    ['giving the cache free', (cache) => cache.dispose()],
  ])('%s is refused, and the answer is right', async (_, action) => {
    const { cache, answer, acted } = await meanwhile(model, action);
    expect(acted).toHaveProperty('code', 'CACHE_BUSY');
    expect(rowsOf(answer as never)).toEqual(await fresh());
    await cache.dispose();
  });

  it('others on caches of their own answer as if they were alone', async () => {
    const { answer, acted } = await meanwhile(model, () =>
      model.generate({ input_ids, max_new_tokens: 6 }),
    );
    expect(rowsOf(answer as never)).toEqual(await fresh());
    expect(rowsOf(acted as never)).toEqual(
      rowsOf(await model.generate({ input_ids, max_new_tokens: 6 })),
    );
  });

  it('the model can be given free: the call ends with an error, and so do later ones', async () => {
    const mortal = await loadModel({ chunkSize: 8 });
    const { answer, acted, cache } = await meanwhile(mortal, () => mortal.dispose());
    expect(answer).toHaveProperty('code', 'RUNTIME');
    expect(String(answer)).toContain('which was released; load it again');
    expect(acted).not.toBeInstanceOf(Error);
    const after = [
      () => mortal.generate({ input_ids }),
      () => mortal.generate({ input_ids, past_key_values: cache }),
      () => mortal.decoder.step([{ cache: mortal.decoder.createCache(), input: { ids: [1] } }]),
    ];
    for (const call of after) {
      const error = await outcome((async () => call())());
      expect(NammError.isInstance(error)).toBe(true);
      expect(String(error)).toContain('load it again');
    }
  });

  it('a streamer or a criterion that throws ends it with what was thrown; the cache goes on', async () => {
    const thrown = new Error('mine');
    class Throws extends StoppingCriteria {
      override _call(): boolean[] {
        throw thrown;
      }
    }
    for (const option of [
      {
        streamer: {
          put: () => {
            throw thrown;
          },
          end: () => {},
        },
      },
      { stopping_criteria: [new Throws()] },
    ]) {
      const past_key_values = model.createCache();
      const error = await outcome(
        model.generate({
          input_ids: long,
          past_key_values,
          max_new_tokens: 4,
          ...(option as object),
        }),
      );
      expect(error).toBe(thrown);
      expect(await fresh(past_key_values)).toEqual(await fresh());
      await past_key_values.dispose();
    }
  });
});

it('a saved cache is not restored under another policy, nor a fork taken by another model', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'namm-broken-'));
  const cache = model.createCache();
  await model.generate({ input_ids, past_key_values: cache, max_new_tokens: 2 });
  await cache.save(folder);
  for (const policy of [sinkRecent({ budget: 16 }), h2o({ budget: 15 })]) {
    await expect(model.restoreCache(folder, { policy })).rejects.toHaveProperty(
      'code',
      'CACHE_MISMATCH',
    );
  }
  const other = await loadModel({ chunkSize: 8 });
  const fork = await cache.fork();
  const taken = other.generate({ input_ids, past_key_values: fork });
  await expect(taken).rejects.toHaveProperty('code', 'CACHE_USE');
  await cache.dispose();
  const gone = await outcome(model.generate({ input_ids, past_key_values: cache }));
  expect(NammError.isInstance(gone)).toBe(true);
  await other.dispose();
  await rm(folder, { recursive: true });
});
