export { EchoCollector, type EchoCollectorOptions, echoText } from './echo-collector.js';
export { type LoadNammOptions, loadNamm } from './load-namm.js';
export { type NammOptions, namm } from './namm.js';
export { type SelectionLimits, type SelectionSemantics, selectSlots } from './select-slots.js';
export { shareNormaliser } from './share-normaliser.js';
export {
  calibrate,
  SpectrumCollector,
  type SpectrumCollectorOptions,
} from './spectrum-collector.js';
export { transferHeadBias } from './transfer-head-bias.js';
