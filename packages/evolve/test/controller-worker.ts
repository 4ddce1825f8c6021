import { serveEvaluations } from '../src/index.js';
import { ControllerAssessor } from './controller.js';

await serveEvaluations(async () => new ControllerAssessor());
