import type { PreparedSample } from '@namm/benchmarks';
import type { Normaliser } from '@namm/features';

import type { NormaliserKind } from '../trainables/create-collector.js';
import type { Slice, SliceScores } from './evaluator.js';

/** What a worker thread is asked. */
export type Call =
  | {
      readonly method: 'measure';
      readonly prompts: readonly PreparedSample[];
      readonly kind: NormaliserKind;
    }
  | { readonly method: 'evaluate'; readonly slice: Slice }
  | { readonly method: 'close' };

/** What it says: first, when it has loaded the model, that one's digest; then one answer per call. */
export type Answer =
  | { readonly kind: 'answer'; readonly answer: Normaliser | SliceScores | string }
  | { readonly kind: 'failure'; readonly message: string };
