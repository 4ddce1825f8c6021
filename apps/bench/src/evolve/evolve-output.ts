import type { ProgressEvent } from '@namm/core';
import type { GenerationRecord } from '@namm/evolve';
import { mean } from '@namm/statistics';

const three = (value: number) => value.toFixed(3);
const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

/** One line per generation, and one for its validation. */
export function describeGeneration(record: GenerationRecord): string {
  const { generation, sigma, members, tokens, seconds, validation } = record;
  const known = members.flatMap(({ fitness, keptShare }) =>
    fitness === null || keptShare === null ? [] : [{ fitness, keptShare }],
  );
  const lines: string[] = [];
  if (known.length > 0) {
    const fitness = known.map((member) => member.fitness);
    lines.push(
      [
        `generation ${generation}: fitness ${three(mean(fitness))}, best ${three(Math.max(...fitness))}`,
        `kept ${percent(mean(known.map(({ keptShare }) => keptShare)))}`,
        `sigma ${sigma.toPrecision(4)}`,
        ...(known.length < members.length ? [`${members.length - known.length} failed`] : []),
        ...(seconds ? [`${seconds.toFixed(1)} s, ${(tokens / seconds).toFixed(0)} tokens/s`] : []),
      ].join('; '),
    );
  }
  if (validation) {
    const { fitness, keptShare, keptAtAnswer, tasks, isBest } = validation;
    const perTask = Object.entries(tasks).map(
      ([name, task]) => `${name} ${three(task.score)} (full ${three(task.fullScore)})`,
    );
    lines.push(
      [
        `  mean of generation ${generation}${isBest ? ', best so far' : ''}: fitness ${three(fitness)}`,
        `kept ${percent(keptShare)}, at the answers ${percent(keptAtAnswer)}`,
        perTask.join(', '),
      ].join('; '),
    );
  }
  return lines.join('\n');
}

/** How much is done and how long the rest will take, on one line of a terminal. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #first: { readonly done: number; readonly time: number } | null = null;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  update({ done, total }: ProgressEvent): void {
    if (!this.#stream.isTTY) return;
    const now = performance.now();
    this.#first ??= { done, time: now };
    const perUnit = (now - this.#first.time) / (done - this.#first.done);
    const left = Number.isFinite(perUnit) ? `, ${duration(perUnit * (total - done))} left` : '';
    this.#stream.write(`\r\x1b[2K${done} of ${total} evaluations${left}`);
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[2K');
  }
}

function duration(milliseconds: number): string {
  const minutes = Math.ceil(milliseconds / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
