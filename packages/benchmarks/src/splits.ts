import type { Split } from './types.js';

/** All splits; the position names the random stream, so the order must stay. */
export const splits: readonly Split[] = ['train', 'development', 'test'];
