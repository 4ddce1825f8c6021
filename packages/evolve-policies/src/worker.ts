// What runs in the worker threads of an evolution, of a policy on text, of a taught scorer, or on control.
import { serveEvaluations } from '@namm/evolve';
import { ControlAssessor, type ControlAssessorSettings } from './control/control-assessor.js';
import { TaughtAssessor } from './taught/taught-assessor.js';
import type { TaughtAssessorSettings } from './taught/taught-settings.js';
import type { TextAssessorSettings } from './text/model-settings.js';
import { TextAssessor } from './text/text-assessor.js';

await serveEvaluations<unknown, unknown, never>((settings) =>
  'agent' in (settings as object)
    ? ControlAssessor.load(settings as ControlAssessorSettings)
    : 'taught' in (settings as object)
      ? TaughtAssessor.load(settings as TaughtAssessorSettings)
      : TextAssessor.load(settings as TextAssessorSettings),
);
