// What runs in the worker threads of an evolution, on text or on control.
import { serveEvaluations } from '@namm/evolve';
import { ControlAssessor, type ControlAssessorSettings } from './control/control-assessor.js';
import type { TextAssessorSettings } from './text/model-settings.js';
import { TextAssessor } from './text/text-assessor.js';

await serveEvaluations<unknown, unknown, never>((settings) =>
  'agent' in (settings as object)
    ? ControlAssessor.load(settings as ControlAssessorSettings)
    : TextAssessor.load(settings as TextAssessorSettings),
);
