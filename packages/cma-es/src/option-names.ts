import { InvalidArgumentError, suggestName } from '@namm/core/portable';
import { shown } from './number-list.js';

/** What the options of a strategy are called in pycma, cmaes, scipy and Optuna. */
export const strategyAliases = {
  x0: 'mean',
  xstart: 'mean',
  start: 'mean',
  sigma0: 'sigma',
  std: 'sigma',
  stepSize0: 'sigma',
  popsize: 'populationSize',
  lambda: 'populationSize',
  lambda_: 'populationSize',
  population: 'populationSize',
  CMA_stds: 'scales',
  stds: 'scales',
  typical_x: 'scales',
  scaling_of_variables: 'scales',
  CMA_diagonal: "model: 'sep'",
  diagonal: "model: 'sep'",
  cov: 'covariance',
  minstd: 'minimumDeviation',
  minimumDeviations: 'minimumDeviation',
  integer_variables: "SearchSpace with { kind: 'integer' }",
  lower: 'bounds: { lower, upper }',
  upper: 'bounds: { lower, upper }',
  lb: 'bounds: { lower, upper }',
  ub: 'bounds: { lower, upper }',
  maximize: "goal: 'maximise'",
  maximise: "goal: 'maximise'",
  minimize: "goal: 'minimise'",
  direction: 'goal',
  random_seed: 'seed',
  random_state: 'seed',
  rng: 'seed',
  randn: 'normals',
  noise_handler: 'noise',
  maxiter: 'stop: { maximumGenerations }',
  maxiterations: 'stop: { maximumGenerations }',
  maximumGenerations: 'stop: { maximumGenerations }',
  generations: 'stop: { maximumGenerations }',
  n_generations: 'stop: { maximumGenerations }',
  maxfevals: 'stop: { maximumEvaluations }',
  maxfev: 'stop: { maximumEvaluations }',
  maxfun: 'stop: { maximumEvaluations }',
  maximumEvaluations: 'stop: { maximumEvaluations }',
  n_trials: 'stop: { maximumEvaluations }',
  budget: 'stop: { maximumEvaluations }',
  ftarget: 'stop: { targetFitness }',
  targetFitness: 'stop: { targetFitness }',
  tolfun: 'stop: { fitnessTolerance }',
  ftol: 'stop: { fitnessTolerance }',
  fatol: 'stop: { fitnessTolerance }',
  tolfunhist: 'stop: { fitnessHistoryTolerance }',
  tolx: 'stop: { parameterTolerance }',
  xtol: 'stop: { parameterTolerance }',
  xatol: 'stop: { parameterTolerance }',
  tol: 'stop: { fitnessTolerance, parameterTolerance }',
  tolfacupx: 'stop: { deviationGrowth }',
  tolupsigma: 'stop: { sigmaGrowth }',
  tolconditioncov: 'stop: { condition }',
  tolflatfitness: 'stop: { flatGenerations }',
  tolstagnation: 'stop: { stagnation }',
  timeout: 'timeLimit among the settings of optimise',
  callback: 'onGeneration among the settings of optimise',
  onGeneration: 'onGeneration among the settings of optimise',
  verbose: 'onGeneration among the settings of optimise',
  workers: 'concurrency among the settings of optimise',
  n_jobs: 'concurrency among the settings of optimise',
  concurrency: 'concurrency among the settings of optimise',
  signal: 'signal among the settings of optimise',
  timeLimit: 'timeLimit among the settings of optimise',
  save: 'save among the settings of optimise',
  restarts: "new RestartingCmaEs(options, { kind: 'ipop' })",
  restart_strategy: "new RestartingCmaEs(options, { kind: 'ipop' })",
  bipop: "new RestartingCmaEs(options, { kind: 'bipop' })",
  incpopsize: 'factor of RestartingCmaEs',
} as const;

/** What stop conditions are called elsewhere. */
export const stopAliases = {
  maxiter: 'maximumGenerations',
  generations: 'maximumGenerations',
  maxfevals: 'maximumEvaluations',
  maxfev: 'maximumEvaluations',
  maxfun: 'maximumEvaluations',
  evaluations: 'maximumEvaluations',
  budget: 'maximumEvaluations',
  ftarget: 'targetFitness',
  target: 'targetFitness',
  fitness: 'targetFitness',
  tolfun: 'fitnessTolerance',
  ftol: 'fitnessTolerance',
  fatol: 'fitnessTolerance',
  tolfunhist: 'fitnessHistoryTolerance',
  tolx: 'parameterTolerance',
  xtol: 'parameterTolerance',
  xatol: 'parameterTolerance',
  tolfacupx: 'deviationGrowth',
  tolupsigma: 'sigmaGrowth',
  tolconditioncov: 'condition',
  tolflatfitness: 'flatGenerations',
  tolstagnation: 'stagnation',
  noeffectaxis: 'noEffect',
  noeffectcoord: 'noEffect',
  timeout: 'timeLimit among the settings of optimise',
} as const;

/** The list form of bounds that other libraries take, and what to write instead. */
export const boundsAsList =
  'is a list; write { lower, upper }, each one number for all coordinates or one each ' +
  "(pycma's [low, high] is { lower: low, upper: high }; of scipy's and cmaes' pairs, " +
  'lower is pairs.map((pair) => pair[0]) and upper pairs.map((pair) => pair[1]))';

export const boundsAliases = {
  lb: 'lower',
  low: 'lower',
  min: 'lower',
  minimum: 'lower',
  ub: 'upper',
  high: 'upper',
  max: 'upper',
  maximum: 'upper',
  BoundaryHandler: 'handling',
  mode: 'handling',
} as const;

export const restartAliases = {
  incpopsize: 'factor',
  restarts: 'maximum',
  strategy: 'kind',
  bipop: "kind: 'bipop'",
  ipop: "kind: 'ipop'",
  x0: 'start',
  mean: 'start',
} as const;

export const warmStartAliases = {
  gamma: 'share',
  alpha: 'smoothing',
  maximize: "goal: 'maximise'",
  direction: 'goal',
} as const;

export const spaceAliases = {
  type: 'kind',
  min: 'low',
  minimum: 'low',
  lower: 'low',
  max: 'high',
  maximum: 'high',
  upper: 'high',
  values: 'choices',
  options: 'choices',
  log: "kind: 'log'",
  scale: "kind: 'log'",
  init: 'start',
  default: 'start',
  initial: 'start',
} as const;

export const optimiseAliases = {
  timeout: 'timeLimit',
  maxTime: 'timeLimit',
  n_jobs: 'concurrency',
  workers: 'concurrency',
  parallel: 'concurrency',
  callback: 'onGeneration',
  callbacks: 'onGeneration',
  abort: 'signal',
  checkpoint: 'save',
  onSave: 'save',
  resume: 'optimise(objective, CmaEs.load(bytes), settings)',
  stop: 'stop among the options of the strategy',
} as const;

/** TEMP until core's check lands */
export function checkNames<Options extends object>(
  call: string,
  options: Options,
  known: readonly (keyof Options & string)[],
  aliases: Readonly<Record<string, string>> = {},
): Options {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidArgumentError(
      'options',
      `${call} needs an object with ${known.join(', ')}, not ${shown(options)}`,
    );
  }
  const unknown = Object.keys(options).find((name) => !(known as readonly string[]).includes(name));
  if (unknown === undefined) return options;
  const meant = suggestName(unknown, known, aliases);
  const question = meant === null ? '' : ` Did you mean ${meant}?`;
  throw new InvalidArgumentError(
    unknown,
    `is no option of ${call}.${question} There are ${known.join(', ')}`,
  );
}
