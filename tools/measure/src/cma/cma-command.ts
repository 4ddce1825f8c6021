import type { Command } from '@commander-js/extra-typings';
import { count, listOf, nameFrom } from '@namm/cli';
import { type EvaluationsOptions, evaluations, variants } from './evaluations.js';
import { type GenerationSpeedOptions, generationSpeed } from './generation-speed.js';
import { type LargeOptions, large } from './large.js';
import { problems } from './problems.js';

const problemNames = problems.map(({ name }) => name);
const variantNames = Object.keys(variants) as (keyof typeof variants)[];

/** Adds `cma evaluations`, `cma large` and `cma speed`. */
export function addCmaCommand(program: Command): void {
  const command = program.command('cma').description('measure the evolution strategies');
  command
    .command('evaluations')
    .description('count evaluations to 1e-8 beside recorded medians of pycma')
    .option('--dimensions <list>', 'dimensions of the problems', listOf(count), [10, 40])
    .option('--runs <count>', 'runs of each (31 up to 10 dimensions, 15 above)', count)
    .option(
      '--variants <list>',
      variantNames.join(', '),
      listOf(nameFrom(variantNames)),
      variantNames,
    )
    .option(
      '--problems <list>',
      problemNames.join(', '),
      listOf(nameFrom(problemNames)),
      problemNames,
    )
    .option('--seed <seed>', 'seed of the first run', count, 1)
    .action((options: EvaluationsOptions) => evaluations(options));
  command
    .command('large')
    .description('compare lm-ma with sep on rotated problems')
    .option('--dimension <count>', 'dimensions', count, 1000)
    .option('--evaluations <count>', 'evaluations of each run', count, 200_000)
    .option('--runs <count>', 'runs of each', count, 3)
    .option('--problems <list>', problemNames.join(', '), listOf(nameFrom(problemNames)), [
      'ellipsoid',
      'cigar',
      'discus',
      'different-powers',
    ])
    .option('--seed <seed>', 'seed of the first run', count, 1)
    .action((options: LargeOptions) => large(options));
  command
    .command('speed')
    .description('measure time and memory of a generation, beside pycma when a Python has it')
    .option('--dimension <count>', 'dimensions', count, 4172)
    .option('--population-size <count>', 'candidates of a generation', count, 32)
    .option('--rounds <count>', 'measurements of each', count, 3)
    .option('--python <path>', 'a Python with cma and numpy')
    .option('--seed <seed>', 'seed', count, 1)
    .action((options: GenerationSpeedOptions) => generationSpeed(options));
}
