// A small problem of another kind: the gains of a controller that holds a mass in its place while it is pushed.
import { Random } from '@namm/core';
import type { Assessor, NamedTensors, Problem, Slice, Stage, UnitResult } from '../src/index.js';

/** A unit of work: one mass, one wind. */
export interface Episode {
  readonly mass: number;
  readonly seed: number;
}

/** What came of it. */
export interface Outcome {
  /** Mean square of the distance from the place. */
  readonly error: number;
  /** Mean square of the force. */
  readonly effort: number;
}

export interface ControllerStage extends Stage {
  readonly episodes: number;
  readonly heaviest: number;
}

/** What is measured first: how far and fast the mass goes when nobody holds it, to give the gains a scale. */
export interface Measurement {
  readonly episodes: readonly Episode[];
}

type Gains = ArrayLike<number>;

const steps = 200;
const stepSeconds = 0.05;

function simulate({ mass, seed }: Episode, gains: Gains, [far, fast]: Iterable<number>) {
  const random = new Random(seed);
  let [position, velocity, sum, wind, error, effort, speed] = [1, 0, 0, 0, 0, 0, 0];
  for (let step = 0; step < steps; step++) {
    wind = 0.95 * wind + 0.2 * random.normal();
    const [near, slow] = [position / far!, velocity / fast!];
    sum += near * stepSeconds;
    const force = -(gains[0]! * near + gains[1]! * slow + gains[2]! * sum);
    velocity += ((force + wind) / mass) * stepSeconds;
    position += velocity * stepSeconds;
    error += position ** 2 / steps;
    effort += force ** 2 / steps;
    speed += velocity ** 2 / steps;
  }
  return { error, effort, speed };
}

/** Gains by a rule of thumb. */
const thumb = [2, 2, 0];

export class ControllerAssessor implements Assessor<Episode, Outcome, Measurement> {
  readonly version = 'controller 1';

  async prepare({ episodes }: Measurement): Promise<NamedTensors> {
    const found = episodes.map((episode) => simulate(episode, [0, 0, 0], [1, 1]));
    const root = (what: 'error' | 'speed') =>
      Math.sqrt(found.reduce((sum, one) => sum + one[what], 0) / found.length);
    const data = Float64Array.of(root('error'), root('speed'));
    return { scale: { shape: [2], data } };
  }

  async assess({ prepared, units, contenders }: Slice<Episode>): Promise<Outcome[][]> {
    const { data: scale } = prepared.scale!;
    return units.map((episode) =>
      contenders.map((contender) => {
        const gains = typeof contender === 'string' ? thumb : contender;
        const { error, effort } = simulate(episode, gains, scale);
        return { error, effort };
      }),
    );
  }
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Fitness is the error of the rule of thumb over one's own; no more than four times its force is allowed. */
export function controllerProblem(
  stages: readonly ControllerStage[] = [
    { generations: 3, episodes: 4, heaviest: 1.5 },
    { generations: 3, episodes: 6, heaviest: 3 },
  ],
): Problem<Episode, Outcome, ControllerStage, Measurement> {
  const episodes = (count: number, heaviest: number, seed: number): Episode[] =>
    Array.from({ length: count }, (_, i) => {
      const random = new Random(seed, i);
      return { mass: 0.5 + (heaviest - 0.5) * random.uniform(), seed: 1000 * seed + i };
    });
  const sums = (results: readonly UnitResult<Episode, Outcome>[]) => ({
    error: mean(results.map(({ score }) => score.error)),
    effort: mean(results.map(({ score }) => score.effort)),
    thumbError: mean(results.map(({ baselines }) => baselines.thumb!.error)),
    thumbEffort: mean(results.map(({ baselines }) => baselines.thumb!.effort)),
  });
  return {
    title: 'a controller',
    settings: { kind: 'controller' },
    stages,
    baselines: ['thumb'],
    start: () => Float64Array.of(0.5, 0.5, 0),
    prepare: (evaluator) => evaluator.prepare({ episodes: episodes(3, 2, 99) }),
    trainingUnits: ({ episodes: count, heaviest }, { generation, seed }) =>
      episodes(count, heaviest, 1 + seed + generation),
    validationUnits: ({ episodes: count, heaviest }) => episodes(2 * count, heaviest, 77),
    isScore: (value): value is Outcome =>
      typeof value === 'object' && value !== null && 'error' in value && 'effort' in value,
    judge(results) {
      const { error, effort, thumbError, thumbEffort } = sums(results);
      return {
        fitness: thumbError / error,
        shortfall: Math.max(0, effort / thumbEffort - 4),
        measures: { error, effort },
        tasks: { holding: { error, thumbError } },
      };
    },
    presentation: {
      fitness: { label: 'error of the rule of thumb over its own' },
      charts: [{ title: 'Force', label: 'mean square', measures: ['effort'] }],
      tasks: {
        label: 'mean square distance',
        measures: [{ name: 'error' }, { name: 'thumbError', dashed: true }],
      },
    },
  };
}

export const controllerSearch = {
  ...{ populationSize: 6, sigma: 0.3, seed: 5, validateEvery: 2, evaluationsPerSlice: 6 },
};
