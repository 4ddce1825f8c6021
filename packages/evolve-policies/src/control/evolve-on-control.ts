import { DecisionTransformer } from '@namm/cache-decision-transformer';
import { type EpisodeChoices, identifyPlay } from '@namm/control';
import { checkNames, InvalidArgumentError } from '@namm/core';
import type { EnvironmentSettings } from '@namm/environments';
import { checkSearch, type EvolveOptions, type EvolveResult, evolve } from '@namm/evolve';
import type { KeyFeature } from '@namm/features';
import { readCheckpoint } from '@namm/namm';
import { startFrom } from '../trainables/start.js';
import { trainableSettings } from '../trainables/trainable-settings.js';
import type { ControlRequest } from './control-assessor.js';
import { controlEvaluator } from './control-evaluator.js';
import type { ControlEvolutionSettings, ControlStage } from './control-evolution-settings.js';
import { controlProblem } from './control-problem.js';
import type { ControlScore, ControlUnit } from './control-score.js';

type Engine = EvolveOptions<ControlUnit, ControlScore, ControlStage, ControlRequest>;

/** Options of {@link evolveOnControl}. */
export interface EvolveOnControlOptions
  extends Pick<Engine, 'folder' | 'onProgress' | 'onGeneration' | 'signal' | 'clock'>,
    Pick<
      ControlEvolutionSettings,
      'populationSize' | 'sigma' | 'seed' | 'fitness' | 'normaliser' | 'validation'
    > {
  /** Folder of a Decision Transformer. */
  readonly agent: string;
  /** Settings that are missing in its `agent.json`, or override it. */
  readonly episode?: EpisodeChoices;
  /** Stages, each with an environment; by default that of `agent.json`. */
  readonly stages: readonly (Omit<ControlStage, 'environment'> & {
    readonly environment?: EnvironmentSettings | undefined;
  })[];
  readonly trainable: {
    /** One of `trainableNames`. */
    readonly name: string;
    /** Tokens between updates, a multiple of 16. */
    readonly updateInterval: number;
    /** Key features that the scorer sees too. */
    readonly keys?: readonly KeyFeature[];
    /** Scores are averaged over this many tokens on either side. */
    readonly pooling?: number;
    /** Whether a bias per KV head of this agent is evolved too. */
    readonly headBias?: boolean;
  };
  /** A NAMM to start from instead of 0, and a number to add to its scores. @defaultValue none */
  readonly start?: { readonly file: string; readonly biasShift: number } | null;
  /** Worker threads that play; 1 is the calling thread. @defaultValue 1 */
  readonly workers?: number;
  /** Facts for the provenance of checkpoints. @defaultValue none */
  readonly provenance?: Readonly<Record<string, unknown>>;
}

/**
 * Evolves an eviction policy for an agent on its episodes, or continues the run in the folder, and closes everything it
 * opens.
 *
 * @throws {InvalidArgumentError} for an invalid setting, or a start that does not match what is evolved
 * @throws {ModelFolderError | FileFormatError} for a folder without an agent
 * @throws {RunFolderError} when the folder holds another run, is in use, or cannot be written
 * @throws {EvaluationError} when no candidate of a generation could be evaluated
 */
export async function evolveOnControl(options: EvolveOnControlOptions): Promise<EvolveResult> {
  checkNames('evolveOnControl', options, [
    ...(['folder', 'agent', 'episode', 'trainable', 'start', 'stages', 'populationSize'] as const),
    ...(['sigma', 'seed', 'fitness', 'normaliser', 'validation', 'workers', 'provenance'] as const),
    ...(['onProgress', 'onGeneration', 'signal', 'clock'] as const),
  ]);
  const { folder, agent, episode = {}, populationSize, sigma, seed, validation } = options;
  const search = { populationSize, sigma, seed, validateEvery: validation.every };
  checkSearch(search, options.stages);
  const stages = await Promise.all(
    options.stages.map(async (stage) => {
      const { environment } = await identifyPlay(agent, stage.environment);
      return { ...stage, environment };
    }),
  );
  const { returnScale, heads } = await agentFacts(agent, episode);
  const { name, updateInterval, keys, pooling, headBias } = checkNames(
    'trainable',
    options.trainable,
    ['name', 'updateInterval', 'keys', 'pooling', 'headBias'],
  );
  const trainable = trainableSettings(name, updateInterval, {
    ...(keys && { keys }),
    ...(pooling !== undefined && { pooling }),
    ...(headBias && { headBias: heads }),
  });
  const { fitness, normaliser } = options;
  const checkpoint = options.start ? await readCheckpoint(options.start.file) : null;
  const settings: ControlEvolutionSettings = {
    ...{ agent, episode, trainable, stages, returnScale, populationSize, sigma, seed },
    ...{ fitness, normaliser, validation },
    start: checkpoint && startFrom(options.start!, trainable, checkpoint, normaliser.scope),
  };
  const problem = controlProblem(settings, {
    ...options.provenance,
    ...(checkpoint && { startedFrom: checkpoint.provenance }),
  });
  const { environment } = stages[0]!;
  const { workers = 1 } = options;
  const evaluator = await controlEvaluator({ agent, episode, trainable, environment }, { workers });
  const { onProgress, onGeneration, signal, clock } = options;
  const told = { onProgress, onGeneration, signal, clock };
  return evolve({ folder, problem, evaluator, search, ...told }).finally(() => evaluator.close());
}

/** What returns are divided by; layers of an agent, and the most heads of one. */
async function agentFacts(folder: string, { returnScale }: EpisodeChoices) {
  const model = await DecisionTransformer.load(folder);
  try {
    const { layers } = model.cacheShape;
    const most = Math.max(...layers.map(({ keyValueHeads }) => keyValueHeads));
    const scale = returnScale ?? model.agent?.returnScale;
    if (scale !== undefined) {
      return { returnScale: scale, heads: [layers.length, most] as const };
    }
    const problem = 'is missing, and the folder has no agent.json that says it';
    throw new InvalidArgumentError('returnScale', problem);
  } finally {
    await model.release();
  }
}
