export { type ModelName, modelFolder, modelNames } from './model-folder.js';
