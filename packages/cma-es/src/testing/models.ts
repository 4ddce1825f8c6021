import type { CmaEsOptions } from '../options.js';

/** Every model, as options. */
export const models: Readonly<Record<string, Partial<CmaEsOptions>>> = {
  'full, eigen': { model: 'full', factor: 'eigen' },
  'full, matrix adaptation': { model: 'full', factor: 'matrix-adaptation', precision: 'double' },
  'full, single precision': { model: 'full', factor: 'matrix-adaptation', precision: 'single' },
  sep: { model: 'sep' },
  'sep, additive': { model: 'sep', rates: 'tutorial' },
  iso: { model: 'iso' },
  'lm-ma': { model: 'lm-ma' },
};
