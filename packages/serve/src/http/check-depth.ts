import { ApiError } from './api-error.js';

/** Lists and objects within one another that a body may have; what reads them further goes down with them. */
const deepest = 256;

/**
 * Refuses values nested so deep that whatever walks them, such as a chat template, would run out of stack.
 *
 * @param param where the value stands; null for the body
 * @throws {ApiError}
 */
export function checkDepth(value: unknown, param: string | null): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) {
      const message = `${param ?? 'the body'}: is nested more than ${deepest} deep`;
      throw new ApiError(400, message, { param, reason: 'invalid_value' });
    }
    const below: unknown[] = [];
    for (const one of level) {
      if (typeof one !== 'object' || one === null) continue;
      for (const inner of Object.values(one)) below.push(inner);
    }
    level = below;
  }
}
