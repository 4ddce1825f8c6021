export type { AgentSettings, Normalisation, Timesteps } from './agent-settings.js';
export {
  DecisionTransformer,
  type DecisionTransformerOptions,
  type Predictions,
} from './decision-transformer.js';
export type { AgentEpisode, Decision, EpisodeItem } from './episode/agent-episode.js';
export type { EpisodeMemory } from './episode/episode-memory.js';
export type { EpisodeOptions } from './episode/episode-options.js';
export { EpisodeInputError, EpisodeLengthError, EpisodeUseError } from './errors.js';
export { intervalInTokens, type UpdateInterval } from './interval-in-tokens.js';
export type { Trajectory } from './model/trajectory.js';
export type { TransformerSpec } from './model/transformer-spec.js';
export {
  dropOldReturns,
  type NewestStepsOptions,
  newestSteps,
  stepWindow,
} from './policies/newest-steps.js';
export { type ProtectStepsOptions, protectSteps } from './policies/protect-steps.js';
export {
  type RandomDecisionTransformerOptions,
  randomDecisionTransformer,
} from './random-decision-transformer.js';
export { type RowKind, rowKindsOf } from './row-kinds.js';
