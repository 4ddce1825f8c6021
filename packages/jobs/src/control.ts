export { type EvaluateAgentOptions, evaluateAgent } from './control/evaluate-agent.js';
export { type FillControlTableOptions, fillControlTable } from './control/fill-control-table.js';
export type { ContenderChoice, PlayedAgent } from './control/played-agent.js';
export { type ShowEpisodeOptions, showEpisode } from './control/show-episode.js';
export { type TransferToAgentOptions, transferToAgent } from './control/transfer-to-agent.js';
