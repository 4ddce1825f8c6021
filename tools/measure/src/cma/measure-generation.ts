import { CmaEs, type CmaEsOptions, neverStop } from '@namm/cma-es';
import { type MemoryFigures, watchMemory } from '../measuring/watch-memory.js';

/** What is measured: generations of one model. */
export interface GenerationRequest {
  readonly model: NonNullable<CmaEsOptions['model']> | 'diagonal';
  readonly dimension: number;
  readonly populationSize: number;
  readonly generations: number;
  readonly seed: number;
  /** Whether candidates lie in memory that is used again; a peer has no such thing. */
  readonly reuse: boolean;
}

/** CPU seconds of ask and tell, generation by generation, and memory: what was added is the strategy's own. */
export interface GenerationFigures extends MemoryFigures {
  readonly seconds: readonly number[];
  readonly name: string;
}

/** Of a strategy in 10 dimensions that runs first, so that code is loaded and compiled before memory is watched. */
const warmUp = { dimension: 10, generations: 1000 };

/** Runs generations of our strategy, with a fitness that costs nothing. */
export function measureGeneration(request: GenerationRequest): GenerationFigures {
  run({ ...request, ...warmUp });
  const memory = watchMemory();
  const seconds = run(request);
  return { seconds, ...memory(), name: '@namm/cma-es' };
}

function run({
  model,
  dimension,
  populationSize,
  generations,
  seed,
  reuse,
}: GenerationRequest): number[] {
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
  return Array.from({ length: generations }, () => {
    const asked = cpu();
    const candidates = strategy.ask({ reuse });
    const told = cpu();
    const results = candidates.map(({ id, parameters }) => ({ id, fitness: parameters[0]! }));
    const start = cpu();
    strategy.tell(results);
    return cpu() - start + told - asked;
  });
}
