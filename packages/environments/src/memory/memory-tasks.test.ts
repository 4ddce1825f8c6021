import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MemoryTask } from '../contracts/memory-task.js';
import {
  createEnvironment,
  createMemoryTask,
  type MemoryTaskSettings,
} from '../create-environment.js';
import { randomAgent } from '../random-agent.js';
import { runEpisode } from '../run-episode.js';
import { oneHot } from './one-hot.js';

const tasks: MemoryTaskSettings[] = [
  { name: 't-maze', length: 20 },
  { name: 't-maze', length: 1, distractors: 2 },
  { name: 't-maze', length: 30, cues: 3, distractors: 2, slack: 5 },
  { name: 't-maze', length: 20, cue: 'start' },
  { name: 'active-t-maze', length: 12 },
  { name: 'key-to-door', length: 21 },
  { name: 'key-to-door', length: 2, colours: 2, keySteps: 1 },
  { name: 'visual-match', length: 15 },
  { name: 'repeat-previous', length: 30, lag: 7 },
  { name: 'autoencode', length: 10, symbols: 3 },
];
const seeds = Array.from({ length: 200 }, (_, seed) => seed);
const named = tasks.map((settings) => [JSON.stringify(settings), settings] as const);

/** Mean return over the seeds, and how far chance may move it (four standard errors). */
function measure(task: MemoryTask, agent: 'memoryless' | 'random') {
  const chosen = agent === 'random' ? randomAgent(task) : task.memoryless();
  const returns = seeds.map((seed) => runEpisode(task, chosen, seed).return);
  const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length;
  const variance = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / returns.length;
  return { mean, doubt: 4 * Math.sqrt(variance / returns.length) };
}

describe.each(named)('%s', (_, settings) => {
  it('is solved by its oracle in every episode', () => {
    const task = createMemoryTask(settings);
    for (const seed of seeds) {
      const { return: reached, end, length } = runEpisode(task, task.oracle(), seed);
      expect(reached).toBeCloseTo(task.bestReturn, 9);
      expect(end).toBe('terminated');
      expect(length).toBeLessThanOrEqual(task.horizon);
    }
  });

  it('gives agents without a memory what it says, and no more to chance', () => {
    const task = createMemoryTask(settings);
    const memoryless = measure(task, 'memoryless');
    expect(Math.abs(memoryless.mean - task.memorylessReturn)).toBeLessThan(memoryless.doubt);
    expect(memoryless.mean + memoryless.doubt).toBeLessThan(task.bestReturn);
    const random = measure(task, 'random');
    expect(random.mean - random.doubt).toBeLessThan(task.memorylessReturn);
  });

  it('is the same episode for the same seed and actions, also taken up from a saved state', () => {
    const size = createMemoryTask(settings).actionSize;
    const script = fc.array(fc.nat(size - 1), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.nat(), script, fc.nat(39), (seed, actions, saveAt) => {
        const first = createMemoryTask(settings);
        const second = createMemoryTask(settings);
        first.reset(seed);
        second.reset(seed + 1);
        let restored = false;
        for (const [i, action] of actions.entries()) {
          if (i === saveAt % actions.length) {
            const again = second.restore(first.save());
            restored = true;
            expect(again).toEqual(second.restore(second.save()));
          }
          const result = first.step(oneHot(action, size));
          if (restored) {
            expect(second.step(oneHot(action, size))).toEqual(result);
            expect(second.scene()).toEqual(first.scene());
          }
          if (result.terminated || result.truncated) {
            if (restored) expect(() => second.step(oneHot(0, size))).toThrow(/is over/);
            break;
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('keeps everything that it draws inside its grid', () => {
    const task = createMemoryTask(settings);
    const watch = () => {
      const { width, height, cells, agent } = task.scene() as Extract<
        ReturnType<MemoryTask['scene']>,
        { kind: 'grid' }
      >;
      for (const { x, y } of [...cells, agent]) {
        expect(x >= 0 && x < width && y >= 0 && y < height).toBe(true);
      }
    };
    for (const seed of [0, 1, 2]) runEpisode(task, randomAgent(task), seed, watch);
  });
});

describe('memory tasks', () => {
  it('go to 100,000 steps with a state of a few numbers', () => {
    const task = createMemoryTask({ name: 't-maze', length: 100_000 });
    expect(runEpisode(task, task.oracle(), 3)).toMatchObject({ return: 1, length: 100_001 });
    expect(task.save().length).toBe(4);
  });

  it('show the cue at times drawn anew', () => {
    const task = createMemoryTask({ name: 't-maze', length: 50 });
    const times = seeds.map((seed) => {
      let time = -1;
      let now = 0;
      runEpisode(task, task.oracle(), seed, (observation) => {
        if (observation[2] === 1 || observation[3] === 1) time = now;
        now++;
      });
      return time;
    });
    expect(Math.min(...times)).toBeLessThan(3);
    expect(Math.max(...times)).toBeGreaterThan(46);
    expect(new Set(times).size).toBeGreaterThan(40);
  });

  it('take any numbers as an action, the greatest is done', () => {
    const task = createMemoryTask({ name: 't-maze', length: 3 });
    task.reset(0);
    expect([...task.step([-0.5, -2, -0.7, -9]).action]).toEqual([1, 0, 0, 0]);
    expect(() => task.step([1, 0, 0])).toThrow(/has 3 numbers; t-maze takes 4/);
    expect(() => task.step([1, 0, Number.NaN, 0])).toThrow(/number 2 of t-maze is NaN/);
  });

  it.each([
    [{ name: 't-maze' }, /length: undefined/],
    [{ name: 't-maze', length: 0 }, /length: 0/],
    [{ name: 't-maze', length: 3, cues: 4 }, /cues: 4/],
    [{ name: 't-maze', length: 3, cue: 'end' }, /cue: 'end'/],
    [{ name: 't-maze', lenght: 3 }, /lenght: is not an option/],
    [{ name: 'y-maze', length: 3 }, /name: 'y-maze'/],
    [{ name: 'active-t-maze', length: 3, detour: 0 }, /detour: 0/],
    [{ name: 'key-to-door', length: 1 }, /length: 1/],
    [{ name: 'visual-match', length: 5, matchSteps: 5 }, /matchSteps: 5/],
    [{ name: 'repeat-previous', length: 5, lag: 5 }, /lag: 5/],
    [{ name: 'autoencode', length: 5, symbols: 1 }, /symbols: 1/],
    [{ name: 't-maze', length: 3, noisyHistory: { steps: 0 } }, /steps: 0/],
  ])('refuse %j', async (settings, message) => {
    await expect(createEnvironment(settings as never)).rejects.toThrow(message);
  });

  it('refuse calls out of order, other seeds and foreign states', () => {
    const task = createMemoryTask({ name: 't-maze', length: 3 });
    expect(() => task.step([1, 0, 0, 0])).toThrow(/was not reset/);
    expect(() => task.reset(-1)).toThrow(/seed/);
    expect(() => task.restore(new Float64Array(9))).toThrow(/9 numbers are not a state of t-maze/);
    for (const state of [
      [0, 99, 0, 0],
      [0, 1, 2, 0],
      [0, 1, 0, 4],
      [0, 1, 0, 0.5],
      [0, 1, 0, Number.NaN],
    ]) {
      expect(() => task.restore(Float64Array.from(state))).toThrow(/not a state/);
    }
    expect(() => task.restore(Float64Array.of(-1, 1, 0, 0))).toThrow(/seed/);
  });
});
