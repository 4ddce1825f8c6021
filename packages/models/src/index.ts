export { type ModelName, modelFolder, modelNames } from './model-folder.js';
export { nammCheckpoints } from './namm-checkpoints.js';
