export { binomialInterval } from './binomial-interval.js';
export { bootstrapInterval, bootstrapRatioInterval } from './bootstrap.js';
export type { BootstrapOptions, Interval } from './interval.js';
export { mean } from './mean.js';
export { median } from './median.js';
export { quantile } from './quantile.js';
export {
  bootstrapPValue,
  type DrawnGroup,
  type DrawnStrata,
  nested,
  percentileInterval,
  type Resampling,
  resampledInterval,
  strata,
} from './resampling.js';
export { signFlipPValue } from './sign-flip.js';
