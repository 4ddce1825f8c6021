export { type AgentName, agentFolder, agentNames } from './agent-folder.js';
export { type CalibratedName, calibratedNames, calibratedNamm } from './calibrated-namm.js';
export { type ModelName, modelFolder, modelNames } from './model-folder.js';
export { checkpointsIn, nammCheckpoints } from './namm-checkpoints.js';
export { type TaughtName, taughtFile, taughtNameFor, taughtNames } from './taught-file.js';
export { type VideoModelName, videoModelFolder, videoModelNames } from './video-model-folder.js';
