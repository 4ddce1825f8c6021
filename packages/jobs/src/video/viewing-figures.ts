import type { Viewing } from '@namm/cache-video';
import { describeMemory, type MemoryFigures, memoryFigures } from '@namm/cli';
import { counted } from '@namm/core';

/** What is held, in numbers. */
export interface ViewingFigures extends MemoryFigures {
  readonly frames: number;
  readonly reused: number;
  readonly problems: number;
}

export function figuresOf(viewing: Viewing): ViewingFigures {
  const memory = viewing.memory();
  const { frames, reused, problems } = memory;
  return { frames, reused, problems, ...memoryFigures(memory) };
}

/** The same in words, on one line. */
export function describeFigures(policy: string, figures: ViewingFigures): string {
  const { frames, reused, problems } = figures;
  return [
    `${policy}: ${counted(frames, 'frame')}`,
    ...(reused > 0 ? [`${reused} of them shared features`] : []),
    ...(problems > 0 ? [`${problems} damaged`] : []),
    describeMemory(figures),
  ].join(', ');
}
