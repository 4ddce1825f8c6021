import type { Given } from './arguments.js';
import type { Value } from './values.js';

/** What a filter makes of a value and of its arguments by name. */
export type Filter = (value: Value, given: Given) => Value;
