import { hop, spectrumKernel, windowSize } from '@namm/features';
import type { SpectrumProbe } from '@namm/kv-cache';

/** What a decoder must compute for the features of a NAMM. */
export const spectrumProbe: SpectrumProbe = {
  kind: 'spectrum',
  kernel: Array.from(spectrumKernel()),
  window: windowSize,
  hop,
};
