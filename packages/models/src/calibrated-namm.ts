import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, noneOf } from '@namm/core';

/** Tasks whose agent has a NAMM of language, calibrated. */
export const calibratedNames = [
  't-maze',
  'active-t-maze',
  'key-to-door',
  'repeat-previous',
  'noisy-t-maze',
  'misleading-t-maze',
  'half-cheetah-medium',
  'half-cheetah-replay',
  'hopper-medium',
  'hopper-replay',
  'walker2d-expert',
  'walker2d-replay',
] as const;

export type CalibratedName = (typeof calibratedNames)[number];

/**
 * The file of the NAMM that was evolved on language alone and calibrated on eight episodes of a task's agent; beside it
 * lies its card.
 *
 * @throws {InvalidArgumentError} when there is none for that task
 *
 * @example
 * ```ts
 * const policy = await loadNamm({ checkpoint: calibratedNamm('t-maze'), budget: '50%' });
 * ```
 */
export function calibratedNamm(name: CalibratedName): string {
  if (!calibratedNames.includes(name)) {
    throw new InvalidArgumentError('name', noneOf(name, calibratedNames));
  }
  return fileURLToPath(new URL(`../calibrated/${name}.safetensors`, import.meta.url));
}
