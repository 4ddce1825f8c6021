import type { NamedTensors } from '../named-tensors.js';
import type { Slice, SliceScores } from './evaluator.js';

/** What a worker thread is asked. */
export type Call =
  | { readonly method: 'prepare'; readonly request: unknown }
  | { readonly method: 'evaluate'; readonly slice: Slice<unknown> }
  | { readonly method: 'close' };

/** What it says: first, when it is ready, the version of its assessor; then one answer per call. */
export type Answer =
  | { readonly kind: 'answer'; readonly answer: NamedTensors | SliceScores<unknown> | string }
  | { readonly kind: 'failure'; readonly message: string };
