import type { DecideAfter } from './contracts/sequence-model.js';

/** When a policy may choose. */
export const decideAfterChoices = ['pass', 'prompt'] as const satisfies readonly DecideAfter[];
