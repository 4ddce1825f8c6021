import { expect, it } from 'vitest';
import { createEnvironment, createMemoryTask } from './create-environment.js';
import { runEpisode } from './run-episode.js';

const plain = { name: 't-maze', length: 40, slack: 30 } as const;

it('replaces early actions by random ones, and says so', async () => {
  const noisy = await createEnvironment({ ...plain, noisyHistory: { steps: 10 } });
  const oracle = createMemoryTask(plain).oracle();
  const done: number[] = [];
  const result = runEpisode(noisy, oracle, 5, (_, step) => done.push(step.action.indexOf(1)));
  expect(new Set(done.slice(0, 10)).size).toBeGreaterThan(1);
  expect(new Set(done.slice(10, -1))).toEqual(new Set([0]));
  expect(result).toMatchObject({ return: 1, end: 'terminated' });
  expect(noisy.name).toBe('noisy-t-maze');
});

it('replaces a share of them, the same for the same seed, also after a restore', async () => {
  const settings = { ...plain, noisyHistory: { steps: 10, share: 0.5 } };
  const [first, second] = [await createEnvironment(settings), await createEnvironment(settings)];
  first.reset(1);
  for (let i = 0; i < 5; i++) first.step([1, 0, 0, 0]);
  second.restore(first.save());
  for (let i = 0; i < 20; i++) expect(second.step([1, 0, 0, 0])).toEqual(first.step([1, 0, 0, 0]));
  let replaced = 0;
  for (let seed = 0; seed < 200; seed++) {
    first.reset(seed);
    for (let i = 0; i < 10; i++) replaced += 1 - first.step([1, 0, 0, 0]).action[0]!;
  }
  // Half are drawn anew, and three of four draws differ: 750 of 2,000, within four standard deviations.
  expect(Math.abs(replaced - 750)).toBeLessThan(4 * Math.sqrt(2000 * 0.375 * 0.625));
});

it('draws continuous actions from their whole range', async () => {
  const noisy = await createEnvironment({ name: 'half-cheetah', noisyHistory: { steps: 100 } });
  noisy.reset(0);
  const drawn: number[] = [];
  for (let i = 0; i < 100; i++) drawn.push(...noisy.step(new Float32Array(6)).action);
  expect(Math.min(...drawn)).toBeLessThan(-0.9);
  expect(Math.max(...drawn)).toBeGreaterThan(0.9);
  expect([...noisy.step(new Float32Array(6)).action]).toEqual([0, 0, 0, 0, 0, 0]);
  noisy.release();
});
