import { StatusLine } from '@namm/cli';
import { textTable } from '@namm/report';
import { median } from '@namm/statistics';

import { countEvaluations } from './count-evaluations.js';
import { problems, rotated } from './problems.js';

const status = new StatusLine();

export interface LargeOptions {
  readonly dimension: number;
  readonly evaluations: number;
  readonly runs: number;
  readonly problems: readonly string[];
  readonly seed: number;
}

/** Best fitness (median, range) of `lm-ma` and `sep` on rotated problems after as many evaluations; prints a table. */
export function large(options: LargeOptions): void {
  const { dimension, seed, runs } = options;
  const rows = options.problems.map((name) => {
    const problem = rotated(problems.find((one) => one.name === name)!, dimension);
    const bestOf = (model: 'lm-ma' | 'sep') =>
      Array.from({ length: runs }, (_, run) => {
        status.show(`${name}, ${model}, run ${run + 1} of ${runs}`);
        const limits = { target: 1e-8, atMost: options.evaluations };
        return countEvaluations(problem, dimension, { seed: seed + run, model }, limits).best;
      });
    const limited = bestOf('lm-ma');
    const separable = bestOf('sep');
    const format = (values: readonly number[]) => {
      const [least, most] = [Math.min(...values), Math.max(...values)];
      const spread = `${least.toPrecision(3)} to ${most.toPrecision(3)}`;
      return `${median(values).toPrecision(3)} (${spread})`;
    };
    const wins = limited.filter((value, run) => value < separable[run]!).length;
    return [problem.name, format(limited), format(separable), `${wins} of ${runs}`];
  });
  status.clear();
  console.log(
    `${dimension} dimensions, best fitness after ${options.evaluations} evaluations, ${runs} runs.\n`,
  );
  console.log(textTable(['problem', 'lm-ma', 'sep', 'lm-ma better'], rows));
}
