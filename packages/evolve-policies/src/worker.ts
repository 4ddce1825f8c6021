// What runs in the worker threads of an evolution on text.
import { serveEvaluations } from '@namm/evolve';
import type { TextAssessorSettings } from './text/model-settings.js';
import { TextAssessor } from './text/text-assessor.js';

await serveEvaluations((settings) => TextAssessor.load(settings as TextAssessorSettings));
