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
    .description("evolve a NAMM on an agent's episodes; continues the run that is in the folder");
  addEvolutionOptions(addAgentOptions(command), defaults)
    .option('--episodes <count>', 'of a generation', count, 8)
    .option('--tolerance <x>', 'what a return may lack to that of the full cache', number, 0.02)
    .option('--normaliser-episodes <count>', 'to measure it on', count, 8)
    .option('--validation-episodes <count>', 'of a validation', count, 32)
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
