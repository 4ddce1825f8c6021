import type { Random } from '@namm/core';
import type { Segment, TaskPlan } from './types.js';

/** The planned facts in their order, with distractors at random places among them. */
export function withDistractors(plan: TaskPlan, count: number, random: Random): Segment[] {
  const planted: Segment[] = [...plan.facts];
  for (let i = 0; i < count; i++) {
    const text = plan.distractor(random);
    planted.splice(random.integer(planted.length + 1), 0, { kind: 'distractor', text });
  }
  return planted;
}

/** Puts the planted segments, in order, at random boundaries between pieces of filler. */
export function scatter(
  pieces: readonly string[],
  planted: readonly Segment[],
  random: Random,
): Segment[] {
  const places = planted.map(() => random.integer(pieces.length + 1)).sort((a, b) => a - b);
  const result: Segment[] = [];
  let from = 0;
  planted.forEach((segment, number) => {
    const place = places[number]!;
    if (place > from) result.push({ kind: 'filler', text: pieces.slice(from, place).join('') });
    result.push(segment);
    from = place;
  });
  if (pieces.length > from) result.push({ kind: 'filler', text: pieces.slice(from).join('') });
  return result;
}
