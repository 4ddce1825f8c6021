import { CmaEs, type CmaEsOptions, neverStop } from '@namm/cma-es';
import { peakMegabytes } from '../measuring/peak-megabytes.js';

/** What is measured: generations of one model. */
export interface GenerationRequest {
  readonly model: NonNullable<CmaEsOptions['model']> | 'diagonal';
  readonly dimension: number;
  readonly populationSize: number;
  readonly generations: number;
  readonly seed: number;
}

/** CPU seconds of ask and tell, generation by generation, and the process's memory before and after. */
export interface GenerationFigures {
  readonly seconds: readonly number[];
  readonly peakBytes: number;
  readonly baseBytes: number;
  readonly name: string;
}

/** Runs generations of our strategy, with a fitness that costs nothing. */
export function measureGeneration(request: GenerationRequest): GenerationFigures {
  const { model, dimension, populationSize, seed } = request;
  const baseBytes = peakMegabytes() * 2 ** 20;
  const strategy = new CmaEs({
    mean: new Float64Array(dimension),
    sigma: 0.065,
    seed,
    populationSize,
    stop: neverStop,
    model: model as NonNullable<CmaEsOptions['model']>,
  });
  const cpu = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const seconds = Array.from({ length: request.generations }, () => {
    const asked = cpu();
    const candidates = strategy.ask();
    const told = cpu();
    const results = candidates.map(({ id, parameters }) => ({ id, fitness: parameters[0]! }));
    const start = cpu();
    strategy.tell(results);
    return cpu() - start + told - asked;
  });
  return { seconds, baseBytes, peakBytes: peakMegabytes() * 2 ** 20, name: '@namm/cma-es' };
}
