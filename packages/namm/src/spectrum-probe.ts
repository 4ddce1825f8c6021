import { hop, spectrumKernel, windowSize } from '@namm/features';
import type { SpectrumProbe } from '@namm/kv-cache';

/** What a decoder has to compute for features with this decay γ. */
export function spectrumProbe(decay: number): SpectrumProbe {
  return {
    kind: 'spectrum',
    kernel: Array.from(spectrumKernel()),
    window: windowSize,
    hop,
    decay,
  };
}
