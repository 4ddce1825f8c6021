import type { GenerationRecord } from '@namm/evolve';
import { mean } from '@namm/statistics';

const three = (value: number) => value.toFixed(3);
const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

/**
 * One line per generation of an evolution on texts, and one for its validation, if any.
 *
 * @param record the record that {@link evolveOnTexts} gives of a generation
 *
 * @example
 * ```ts
 * await evolveOnTexts({ …, onGeneration: (record) => console.log(describeGeneration(record)) });
 * ```
 */
export function describeGeneration(record: GenerationRecord): string {
  const { generation, sigma, candidates, size, seconds, validation } = record;
  const known = candidates.filter((candidate) => candidate !== null);
  const lines: string[] = [];
  if (known.length > 0) {
    const fitness = known.map((candidate) => candidate.fitness);
    const short = known.filter(({ shortfall }) => shortfall > 0).length;
    lines.push(
      [
        `generation ${generation}: fitness ${three(mean(fitness))}, best ${three(Math.max(...fitness))}`,
        `kept ${percent(mean(known.map(({ measures }) => measures.keptShare!)))}`,
        `sigma ${sigma.toPrecision(4)}`,
        ...(short > 0 ? [`${short} answer too little`] : []),
        ...(known.length < candidates.length ? [`${candidates.length - known.length} failed`] : []),
        ...(seconds ? [`${seconds.toFixed(1)} s, ${(size / seconds).toFixed(0)} tokens/s`] : []),
      ].join('; '),
    );
  }
  if (validation) {
    const { fitness, shortfall, measures, tasks, isBest } = validation;
    const perTask = Object.entries(tasks).map(
      ([name, task]) => `${name} ${three(task.score!)} (full ${three(task.fullScore!)})`,
    );
    lines.push(
      [
        `  mean of generation ${generation}${isBest ? ', best so far' : ''}: fitness ${three(fitness)}`,
        `kept ${percent(measures.keptShare!)}, at the answers ${percent(measures.keptAtAnswer!)}`,
        ...(shortfall > 0 ? [`answers too little by ${three(shortfall)}`] : []),
        perTask.join(', '),
      ].join('; '),
    );
  }
  return lines.join('\n');
}
