import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomDecisionTransformer } from '@namm/cache-decision-transformer';
import type { EvolveOnControlOptions } from '../src/index.js';

/** Writes an agent with random weights for a short maze. */
export async function writeAgent(folder: string): Promise<void> {
  const sizes = { stateSize: 4, actionSize: 4, hiddenSize: 16, layers: 2, heads: 2, timesteps: 40 };
  await randomDecisionTransformer(folder, { seed: 3, ...sizes });
  const environment = { name: 't-maze', length: 12 };
  const rest = { actions: 'discrete', returnScale: 1, targetReturn: 1, context: 13 };
  const states = { mean: [0, 0, 0, 0], deviation: [1, 1, 1, 1], timesteps: 'absolute' };
  await writeFile(join(folder, 'agent.json'), JSON.stringify({ environment, ...rest, ...states }));
}

/** A run of a few seconds. */
export function controlRun(folder: string, agent: string): EvolveOnControlOptions {
  return {
    ...{ folder, agent, populationSize: 6, sigma: 0.5, seed: 2 },
    stages: [{ generations: 3, episodes: 3 }],
    trainable: { name: 'linear-no-recency', updateInterval: 16, keys: ['norm'], headBias: true },
    fitness: { sizePressure: 1, tolerance: 0.5 },
    normaliser: { scope: 'per-head', episodes: 2 },
    validation: { every: 2, episodes: 4 },
  };
}
