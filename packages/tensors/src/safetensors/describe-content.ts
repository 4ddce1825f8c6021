import type { SafetensorsFile } from './safetensors-file.js';

const contents: Readonly<Record<string, string>> = {
  'namm-checkpoint': 'a NAMM',
  'namm-taught': 'a taught scorer',
  'namm-cache': 'a saved cache',
  'namm-text-cache': 'a saved cache',
  'namm-evolution': 'the state of an evolution',
  pt: 'weights of a model',
};

/**
 * What a safetensors file holds, as far as it says so, for messages about the wrong file.
 *
 * @returns such as `a taught scorer`; null when it does not say
 *
 * @example
 * ```ts
 * describeContent(await openSafetensors('model.safetensors')); // 'weights of a model'
 * ```
 */
export function describeContent({ metadata }: Pick<SafetensorsFile, 'metadata'>): string | null {
  const format = metadata.get('format') ?? '';
  return Object.hasOwn(contents, format) ? contents[format]! : null;
}
