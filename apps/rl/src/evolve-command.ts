import type { Command } from '@commander-js/extra-typings';
import {
  addEvolutionOptions,
  count,
  evolutionSettings,
  interruptSignal,
  number,
  watchEvolution,
} from '@namm/cli';
import { describeControlGeneration, evolveOnControl, trainableNames } from '@namm/evolve-policies';
import { addAgentOptions, openAgent } from './agent-options.js';

const defaults = {
  ...{ trainables: trainableNames, trainable: 'linear-no-recency', updateInterval: 16 },
  ...{ population: 10, generations: 30, sigma: 0.3, sizePressure: 1, validateEvery: 5 },
  normaliser: 'per-head',
} as const;

/** Adds `evolve`: a NAMM evolved on the episodes of an agent. */
export function addEvolveCommand(program: Command): void {
  const command = program
    .command('evolve')
    .description("evolve a NAMM on an agent's episodes; resumes the run in --out");
  addEvolutionOptions(addAgentOptions(command), defaults)
    .option('--episodes <count>', 'episodes per generation', count, 8)
    .option(
      '--tolerance <x>',
      'how far a return may fall below that of the full cache',
      number,
      0.02,
    )
    .option('--normaliser-episodes <count>', 'episodes for measuring the normaliser', count, 8)
    .option('--validation-episodes <count>', 'episodes per validation', count, 32)
    .action(async (options) => {
      const { episodes, generations, sizePressure, tolerance } = options;
      const { agent, environment, episode } = await openAgent(options, interruptSignal());
      await watchEvolution('rl', options, {
        describe: describeControlGeneration,
        advice: 'no mean returns as much as the full cache: more episodes or generations may help',
        run: (watched) =>
          evolveOnControl({
            ...evolutionSettings(options),
            ...{ agent, episode, stages: [{ environment, episodes, generations }] },
            fitness: { sizePressure, tolerance },
            normaliser: { scope: options.normaliser, episodes: options.normaliserEpisodes },
            validation: { every: options.validateEvery, episodes: options.validationEpisodes },
            ...watched,
          }),
      });
    });
}
