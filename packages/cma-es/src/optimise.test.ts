import { setTimeout as wait } from 'node:timers/promises';
import { InvalidArgumentError } from '@namm/core/portable';
import { describe, expect, it } from 'vitest';
import { CmaEs } from './cma-es.js';
import type { HistoryRecord } from './history.js';
import { type OptimiseSettings, optimise } from './optimise.js';
import { presets } from './presets.js';
import { RestartingCmaEs } from './restarts/restarting-cma-es.js';
import { run, sphere } from './testing/functions.js';

const start = { mean: [3, -2, 1], sigma: 1, seed: 7 };

it('runs functions that answer at once or later, with the same result', async () => {
  const now = await optimise(sphere, start);
  const later = await optimise(
    async (x, { index }) => {
      await new Promise((resolve) => setTimeout(resolve, index % 3));
      return sphere(x);
    },
    { ...start, stop: { maximumGenerations: 20 } },
  );
  expect(now.stopReason).toMatch(/Tolerance/);
  expect(now.answer.every((value) => Math.abs(value) < 1e-4)).toBe(true);
  expect(later.history).toEqual(now.history.slice(0, 20));
});

it('hands on what the objective throws', async () => {
  await expect(optimise(() => Promise.reject(new Error('no model')), start)).rejects.toThrow(
    'no model',
  );
});

it.each(Object.entries(presets))(
  'the preset %s climbs a noisy hill of 40 dimensions',
  async (_, preset) => {
    const mean = new Float64Array(40).fill(0.2);
    let calls = 0;
    const fitness = (x: Float64Array) => -sphere(x) + 0.01 * Math.sin(calls++ * 12.9898);
    const strategy = await optimise(fitness, {
      ...preset,
      mean,
      seed: 1,
      stop: { ...preset.stop, maximumGenerations: 150 },
    });
    expect(strategy.populationSize).toBe(32);
    expect(sphere(strategy.answer)).toBeLessThan(0.2 * sphere(mean));
    expect(strategy.answer).toEqual(strategy.mean);
  },
);

/** Later ones first: the last of a generation takes the shortest time. */
const unevenly = async (x: Float64Array, { index }: { readonly index: number }) => {
  await wait(7 - index);
  return sphere(x);
};
const twelve = { ...start, stop: { maximumGenerations: 12 } };

describe('concurrency', () => {
  it.each([1, 2, 3, 100])('%d at once: as many, and the same result', async (concurrency) => {
    const expected = run(new CmaEs(twelve), sphere, 12).save();
    let now = 0;
    let most = 0;
    const begun: number[] = [];
    const strategy = await optimise(
      async (x, id) => {
        begun.push(id.generation * 100 + id.index);
        most = Math.max(most, ++now);
        const fitness = await unevenly(x, id);
        now--;
        return fitness;
      },
      twelve,
      { concurrency },
    );
    expect(most).toBe(Math.min(concurrency, strategy.populationSize));
    expect(begun).toEqual([...begun].sort((a, b) => a - b));
    expect(strategy.save()).toEqual(expected);
  });
});

describe('onGeneration', () => {
  it('is called with each generation in its turn, and waited for', async () => {
    const records: HistoryRecord[] = [];
    let waiting = false;
    const strategy = await optimise(
      (x) => {
        expect(waiting).toBe(false);
        return sphere(x);
      },
      twelve,
      {
        onGeneration: async (record, { history }) => {
          expect(history[history.length - 1]).toBe(record);
          waiting = true;
          await wait(1);
          waiting = false;
          records.push(record);
        },
      },
    );
    expect(records).toEqual(strategy.history);
    expect(records.length).toBe(12);
  });

  it('of restarts: every generation of every run', async () => {
    const options = { ...start, stop: { maximumGenerations: 3 } };
    const strategy = new RestartingCmaEs(options, { kind: 'ipop', maximum: 2 });
    const seen: number[] = [];
    await optimise(sphere, strategy, {
      onGeneration: ({ generation }) => void seen.push(generation),
    });
    expect(strategy.stopReason).toBe('maximumRestarts');
    expect(seen).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    expect(sphere(strategy.answer)).toBe(strategy.best!.fitness);
  });
});

describe('save', () => {
  it.each([1, 3])('goes on exactly from any state, %d at once', async (concurrency) => {
    const expected = run(new CmaEs(twelve), sphere, 12).save();
    const states: Uint8Array[] = [];
    await optimise(unevenly, twelve, { concurrency, save: (state) => void states.push(state) });
    expect(states.length).toBeGreaterThan(12);
    expect(states[states.length - 1]).toEqual(expected);
    for (const state of states.filter((_, at) => at % 9 === 0)) {
      const strategy = await optimise(sphere, CmaEs.load(state));
      expect(strategy.save()).toEqual(expected);
    }
  });

  it('never runs twice at once, and is done when the search is', async () => {
    let now = 0;
    let last: Uint8Array | null = null;
    const strategy = await optimise(unevenly, twelve, {
      save: async (state) => {
        expect(++now).toBe(1);
        await wait(3);
        last = state;
        now--;
      },
    });
    expect(last).toEqual(strategy.save());
  });

  it('of restarts', async () => {
    const options = { ...start, stop: { maximumGenerations: 4 } };
    const restarts = { kind: 'bipop', maximum: 2 } as const;
    const states: Uint8Array[] = [];
    const straight = await optimise(sphere, new RestartingCmaEs(options, restarts), {
      save: (state) => void states.push(state),
    });
    for (const state of states) {
      const again = RestartingCmaEs.load(state, options, restarts);
      expect((await optimise(sphere, again)).save()).toEqual(straight.save());
    }
  });

  it('that fails ends the search, also while evaluations run', async () => {
    const full = () => Promise.reject(new Error('disk full'));
    let signal: AbortSignal | undefined;
    const objective = async (x: Float64Array, { index }: { index: number }, own: AbortSignal) => {
      signal = own;
      if (index > 0) await new Promise(() => {});
      return sphere(x);
    };
    await expect(optimise(objective, start, { save: full })).rejects.toThrow('disk full');
    expect(signal!.aborted).toBe(true);
  });
});

describe('an end from outside', () => {
  it('by signal: its reason, at once, and told to what runs; what was saved goes on', async () => {
    const controller = new AbortController();
    let state: Uint8Array | undefined;
    let told: unknown;
    let calls = 0;
    const objective = async (x: Float64Array, _: unknown, signal: AbortSignal) => {
      if (++calls > 30) {
        signal.addEventListener('abort', () => {
          told = signal.reason;
        });
        setTimeout(() => controller.abort(new Error('enough')), 0);
        await new Promise(() => {}); // would never end
      }
      return sphere(x);
    };
    const settings = {
      signal: controller.signal,
      save: (bytes: Uint8Array) => {
        state = bytes;
      },
    };
    await expect(optimise(objective, twelve, settings)).rejects.toThrow('enough');
    expect(told).toEqual(new Error('enough'));
    const strategy = await optimise(sphere, CmaEs.load(state!));
    expect(strategy.save()).toEqual(run(new CmaEs(twelve), sphere, 12).save());
    await expect(optimise(sphere, start, settings)).rejects.toThrow('enough');
  });

  it('by a timer, although the objective never waits', async () => {
    const signal = AbortSignal.timeout(150);
    const endless = { ...start, stop: { ...presets['namm-recommended'].stop } };
    await expect(optimise(sphere, endless, { signal })).rejects.toThrow(/timeout|aborted/i);
  });

  it('when the time is over: nothing is started, what runs is counted', async () => {
    const begun = performance.now();
    const endless = { ...start, stop: { ...presets['namm-recommended'].stop } };
    let calls = 0;
    const objective = async (x: Float64Array) => {
      calls++;
      await wait(20);
      return sphere(x);
    };
    const strategy = await optimise(objective, endless, { timeLimit: 150, concurrency: 2 });
    expect(strategy.stopReason).toBe(null);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(150);
    const told = strategy.evaluations + strategy.populationSize - strategy.pending().length;
    expect(told % strategy.populationSize === 0 ? calls : told).toBe(calls);
    expect(strategy.best).not.toBe(null);
    const none = await optimise(objective, endless, { timeLimit: 0 });
    expect([none.evaluations, none.stopReason]).toEqual([0, null]);
  });

  it('when the objective fails: nothing is told afterwards', async () => {
    const strategy = new CmaEs(start);
    const objective = async (x: Float64Array, { index }: { index: number }) => {
      await wait(2 * index);
      if (index === 2) throw new Error('no model');
      return sphere(x);
    };
    await expect(optimise(objective, strategy)).rejects.toThrow('no model');
    const { length } = strategy.pending();
    await wait(40);
    expect(strategy.pending().length).toBe(length);
    expect(strategy.populationSize - length).toBe(2);
  });
});

describe('refuses', () => {
  it.each([undefined, null, '1', 1n, true, {}, [1]])('%o as a fitness', async (value) => {
    const wrong = (() => value) as never;
    await expect(optimise(wrong, start)).rejects.toThrow(InvalidArgumentError);
    await expect(optimise(wrong, start)).rejects.toThrow(/objective: returned .* candidate 0 of/);
  });

  it.each([
    [{ timeout: 5 }, /timeLimit/],
    [{ workers: 5 }, /concurrency/],
    [{ concurrency: 0 }, /concurrency/],
    [{ concurrency: 1.5 }, /concurrency/],
    [{ concurrency: '4' }, /concurrency/],
    [{ timeLimit: -1 }, /timeLimit/],
    [{ timeLimit: Number.NaN }, /timeLimit/],
    [{ signal: 'stop' }, /signal/],
    [{ onGeneration: 5 }, /onGeneration/],
    [{ save: './run.state' }, /save/],
    [{ resume: new Uint8Array(3) }, /CmaEs\.load/],
  ])('%o', async (settings, message) => {
    const run = optimise(sphere, start, settings as OptimiseSettings<CmaEs>);
    await expect(run).rejects.toThrow(InvalidArgumentError);
    await expect(run).rejects.toThrow(message);
  });

  it('what is not an objective, and options that are none', async () => {
    await expect(optimise(undefined as never, start)).rejects.toThrow(InvalidArgumentError);
    await expect(optimise(sphere, { ...start, popsize: 9 } as never)).rejects.toThrow(
      /populationSize/,
    );
  });
});
