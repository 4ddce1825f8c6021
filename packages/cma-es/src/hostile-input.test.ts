import { InvalidArgumentError } from '@namm/core/portable';
import { describe, expect, it } from 'vitest';
import { CmaEs } from './cma-es.js';
import { StoppedError } from './errors.js';
import { fillNormals } from './normals/fill-normals.js';
import { ratesOf } from './rates/rates.js';
import { RestartingCmaEs } from './restarts/restarting-cma-es.js';
import { run, sphere } from './testing/functions.js';
import { warmStart } from './warm-start.js';

const start = { mean: [3, -2, 1], sigma: 1, seed: 7 };
const make = (options: object = {}) => new CmaEs({ ...start, ...options });
const restart = (options: object) => new RestartingCmaEs(start, { kind: 'ipop', ...options });
const withHole: unknown[] = [1, 2, 3];
delete withHole[1];
const solutions = [{ parameters: [1, 2], fitness: 1 }];

/** The message of the refusal, or a failure when nothing was refused. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError);
    return (error as InvalidArgumentError).message;
  }
  throw new Error('nothing was refused');
}

describe('names that are no options', () => {
  it.each([
    ['x0', /^x0: .*Did you mean mean\?/],
    ['sigma0', /mean sigma\?/],
    ['popsize', /mean populationSize\?/],
    ['population_size', /mean populationSize\?/],
    ['populatonSize', /mean populationSize\?/],
    ['CMA_stds', /mean scales\?/],
    ['CMA_diagonal', /mean model: 'sep'\?/],
    ['maxfevals', /mean stop: \{ maximumEvaluations \}\?/],
    ['max_iter', /mean stop: \{ maximumGenerations \}\?/],
    ['tolfun', /mean stop: \{ fitnessTolerance \}\?/],
    ['maximize', /mean goal: 'maximise'\?/],
    ['integer_variables', /SearchSpace/],
    ['bipop', /RestartingCmaEs/],
    ['concurrency', /settings of optimise/],
    ['lower', /bounds: \{ lower, upper \}/],
    ['somethingElse', /not an option of CmaEs/],
  ])('%s among the options of a strategy', (name, expected) => {
    expect(refusal(() => make({ [name]: 1 }))).toMatch(expected);
    expect(refusal(() => new RestartingCmaEs({ ...start, [name]: 1 }, { kind: 'ipop' }))).toMatch(
      expected,
    );
  });

  it.each([
    ['stop', () => make({ stop: { maxiter: 5 } }), /maximumGenerations/],
    ['bounds', () => make({ bounds: { low: -1, high: 1 } }), /mean lower\?/],
    ['noise', () => make({ noise: { shares: 0.1 } }), /mean share\?/],
    ['restarts', () => restart({ incpopsize: 3 }), /mean factor\?/],
    ['warm start', () => warmStart(solutions, { gamma: 0.1 } as never), /mean share\?/],
    ['ask', () => make().ask({ reused: true } as never), /mean reuse\?/],
    ['load', () => CmaEs.load(make().save(), { seed: 3 } as never), /not an option/],
  ])('%s', (_, call, expected) => {
    expect(refusal(call)).toMatch(expected);
  });
});

describe('values that are none', () => {
  it.each([
    [[1, null, 2]],
    [[1, undefined, 2]],
    [[1, '2', 3]],
    [[1, 2n, 3]],
    [[1, true, 3]],
    [[1, [2], 3]],
    [[1, Number.NaN, 3]],
    [[1, Number.NEGATIVE_INFINITY, 3]],
    [withHole],
    [new BigInt64Array(3)],
    [{ length: 3 }],
    [{ length: Number.POSITIVE_INFINITY }],
    [{ length: -1 }],
    ['123'],
    [3],
    [null],
    [undefined],
    [new Map()],
    [() => [1, 2, 3]],
    [Promise.resolve([1, 2, 3])],
  ] as unknown[][])('%o as a list of numbers', (list) => {
    const strategy = make();
    const before = strategy.save();
    expect(refusal(() => make({ mean: list }))).toMatch(/^mean: /);
    if (list !== undefined) expect(refusal(() => make({ scales: list }))).toMatch(/^scales: /);
    expect(refusal(() => strategy.inject([list as never]))).toMatch(/^points\[0\]: /);
    if (typeof list !== 'number' && list !== undefined) {
      expect(refusal(() => make({ bounds: { lower: list } }))).toMatch(/^(bounds.lower|mean): /);
      expect(refusal(() => make({ minimumDeviation: list ?? [null] }))).toMatch(/minimumDeviation/);
    }
    const known = [{ parameters: list as never, fitness: 1 }];
    expect(refusal(() => warmStart(known))).toMatch(/^solutions\[0\]/);
    expect(strategy.save()).toEqual(before);
  });

  it.each([
    [{ sigma: '1' }],
    [{ sigma: [1] }],
    [{ sigma: 1n }],
    [{ sigma: true }],
    [{ sigma: null }],
    [{ sigma: undefined }],
    [{ seed: '7' }],
    [{ seed: null }],
    [{ seed: 7n }],
    [{ populationSize: '8' }],
    [{ populationSize: null }],
    [{ populationSize: 8n }],
    [{ run: 5 }],
    [{ goal: 'maximize' }],
    [{ goal: null }],
    [{ model: 'separable' }],
    [{ model: 0 }],
    [{ debiasedPath: 'false' }],
    [{ firstGenerationShift: '1' }],
    [{ restart: '0' }],
    [{ normals: 5 }],
    [{ noise: true }],
    [{ noise: { share: '0.1' } }],
    [{ noise: { maximumEffort: Number.NaN } }],
    [{ bounds: true }],
    [{ bounds: { lower: null } }],
    [{ bounds: { lower: [-5, null, -5] } }],
    [{ bounds: { lower: Number.POSITIVE_INFINITY } }],
    [{ bounds: { lower: -5, upper: Number.NaN } }],
    [{ stop: 'never' }],
    [{ stop: [] }],
    [{ stop: { maximumEvaluations: 0 } }],
    [{ stop: { maximumEvaluations: '100' } }],
    [{ stop: { condition: -1 } }],
    [{ scales: 2 }],
    [
      {
        covariance: [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
      },
    ],
    [{ minimumDeviation: -1 }],
    [{ minimumDeviation: 0.1, model: 'lm-ma' }],
  ])('%o', (options) => {
    refusal(() => make(options));
  });

  it('a list of bounds, which would mean one thing in pycma and another in scipy', () => {
    for (const bounds of [
      [-5, 5],
      [[-5, 5]],
      [
        [-5, -5, -5],
        [5, 5, 5],
      ],
      Float64Array.of(-5, 5),
    ]) {
      expect(refusal(() => make({ bounds }))).toMatch(
        /^bounds: is a list; write \{ lower, upper \}/,
      );
    }
  });

  it('no options at all', () => {
    for (const options of [undefined, null, 5, [], 'x0']) {
      refusal(() => new CmaEs(options as never));
      refusal(() => new RestartingCmaEs(start, options as never));
    }
    refusal(() => make().ask(10 as never)); // how many, as in pycma
    refusal(() => ratesOf('other' as never, 3, 7));
    refusal(() => ratesOf('pycma', 0, 7));
    refusal(() => ratesOf('pycma', 3, Number.NaN));
    refusal(() => fillNormals(new Float64Array(3), -1, [0, 0, 0]));
    refusal(() => fillNormals(new Float64Array(3), 1, [0, 0.5, 0]));
    refusal(() => CmaEs.load('run.state' as never));
    refusal(() => CmaEs.load(make().save().buffer as never));
  });

  it.each([[undefined], [null], ['1'], [1n], [true], [[1]], [{}], [Promise.resolve(1)]])(
    '%o as a fitness',
    (fitness) => {
      const strategy = make();
      const before = strategy.save();
      const [first, second] = strategy.ask();
      const results = [
        { id: first!.id, fitness: 1 },
        { id: second!.id, fitness },
      ];
      expect(refusal(() => strategy.tell(results as never))).toMatch(/^fitness: /);
      refusal(() => warmStart([{ parameters: [1, 2], fitness } as never]));
      expect(strategy.pending().length).toBe(strategy.populationSize);
      expect(CmaEs.load(before).pending()).toEqual(strategy.pending());
    },
  );

  it('results in other forms', () => {
    const strategy = make();
    const [{ id, parameters }] = strategy.ask() as [ReturnType<CmaEs['ask']>[number]];
    for (const results of [
      { id, fitness: 1 }, // one instead of a list
      [1, 2, 3], // pycma's second argument
      [{ id, parameters }], // its first
      [[parameters, 1]], // cmaes' pairs
      [undefined],
      null,
      'results',
    ]) {
      expect(refusal(() => strategy.tell(results as never))).toMatch(/tell takes/);
    }
    expect(strategy.pending().length).toBe(strategy.populationSize);
  });

  it('warm starts from what nobody measured, or towards a goal that is none', () => {
    expect(refusal(() => warmStart(solutions, { goal: 'minimize' } as never))).toMatch(
      /'minimise'\?/,
    );
    refusal(() => warmStart({} as never));
    refusal(() => warmStart([undefined] as never));
    // also in a solution that is not among the best
    const other = { parameters: [1, 2, 3], fitness: 9 };
    expect(refusal(() => warmStart([...solutions, other]))).toMatch(/^solutions\[1\]/);
  });

  it('points that cannot be injected', () => {
    refusal(() => make().inject([1, 2, 3] as never)); // one point instead of a list
    refusal(() => make().inject({} as never));
    refusal(() => make().inject(withHole as never));
    const bounded = make({ bounds: { lower: -5, upper: 5 } });
    expect(refusal(() => bounded.inject([[1, 2, 6]]))).toMatch(/coordinate 2 is 6, outside/);
    const stopped = run(make({ stop: { maximumGenerations: 1 } }), sphere, 5);
    expect(() => stopped.inject([[1, 2, 3]])).toThrow(StoppedError);
  });
});

describe('restarts', () => {
  it('refuse options out of range, and go on only with those that they began with', () => {
    for (const options of [{ kind: 'IPOP!' }, { start: 5 }, { maximum: '3' }, { factor: null }]) {
      refusal(() => restart(options));
    }
    const bytes = restart({}).save();
    const again = (options: object, restarts: object = {}) =>
      RestartingCmaEs.load(bytes, { ...start, ...options }, { kind: 'ipop', ...restarts });
    expect(again({}).save()).toEqual(bytes);
    expect(again({ mean: Float64Array.from(start.mean) }).save()).toEqual(bytes);
    expect(refusal(() => again({ goal: 'maximise' }))).toMatch(/^goal/);
    expect(refusal(() => again({ mean: [3, -2, 1.5] }))).toMatch(/^mean/);
    expect(refusal(() => again({ bounds: { lower: -5 } }))).toMatch(/^bounds/);
    expect(refusal(() => again({}, { factor: 3 }))).toMatch(/^factor/);
  });
});

describe('a saved run', () => {
  it('goes on with its own normal numbers only', () => {
    const normals = (target: Float64Array) => void target.fill(0.5);
    const own = make({ normals }).save();
    expect(refusal(() => CmaEs.load(own))).toMatch(/^normals/);
    expect(refusal(() => CmaEs.load(make().save(), { normals }))).toMatch(/^normals/);
    expect(CmaEs.load(own, { normals }).save()).toEqual(own);
  });

  it('goes on after its limit when it is given another', () => {
    const short = run(make({ stop: { maximumEvaluations: 50 } }), sphere, 100);
    expect(short.stopReason).toBe('maximumEvaluations');
    const longer = CmaEs.load(short.save(), { stop: { maximumEvaluations: 200 } });
    expect(longer.stopReason).toBe(null);
    const straight = make({ stop: { maximumEvaluations: 200 } });
    expect(run(longer, sphere, 100).save()).toEqual(run(straight, sphere, 100).save());
    const shorter = CmaEs.load(longer.save(), {
      stop: { maximumEvaluations: null, maximumGenerations: 3 },
    });
    expect(shorter.stopReason).toBe('maximumGenerations');
    const failed = run(make(), () => Number.NaN, 1).save();
    expect(CmaEs.load(failed, { stop: { maximumEvaluations: 5 } }).stopReason).toBe('allFailed');
    expect(refusal(() => CmaEs.load(short.save(), { stop: { maxiter: 5 } as never }))).toMatch(
      /maximumGenerations/,
    );
  });
});

describe('best', () => {
  it('counts results amid a generation', () => {
    const strategy = make();
    const candidates = strategy.ask();
    expect(strategy.best).toBe(null);
    strategy.tell([{ id: candidates[2]!.id, fitness: 5 }]);
    expect(strategy.best).toEqual({ ...candidates[2], fitness: 5 });
    strategy.tell([{ id: candidates[4]!.id, fitness: 3 }]);
    strategy.tell([{ id: candidates[5]!.id, fitness: Number.NaN }]);
    expect(strategy.best).toEqual({ ...candidates[4], fitness: 3 });
    expect(CmaEs.load(strategy.save()).best).toEqual(strategy.best);
  });
});
