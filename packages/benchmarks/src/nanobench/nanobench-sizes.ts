import type { NanobenchPlan } from './run-nanobench.js';

/** What of a run decides how long it takes. */
export type NanobenchSize = Pick<NanobenchPlan, 'factors' | 'prompts' | 'equal' | 'shares'>;

/** What a run of a few minutes measures, and what a whole one does. */
export const nanobenchSizes: Readonly<Record<'reduced' | 'complete', NanobenchSize>> = {
  reduced: {
    ...{ factors: [1, 4, 8], prompts: { teacherForced: 3, generated: 0 } },
    ...{ equal: ['bytes'], shares: [0.25] },
  },
  complete: {
    ...{ factors: [1, 2, 4, 8, 16], prompts: { teacherForced: 40, generated: 5 } },
    ...{ equal: ['bytes', 'rows', 'heads'], shares: [0.75, 0.5, 0.25, 0.12] },
  },
};
