export { evaluateAgent } from './control/evaluate-agent.js';
export { fillControlTable } from './control/fill-control-table.js';
export type { PlayedAgent } from './control/played-agent.js';
export { showEpisode } from './control/show-episode.js';
export { transferToAgent } from './control/transfer-to-agent.js';
