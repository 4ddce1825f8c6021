import { testOptionNames } from '@namm/testing';
import { FeatureEncoder } from './feature-encoder.js';
import { FeatureState } from './feature-state.js';
import { foldFrames } from './fold-frames.js';
import { RecencyEmbedding } from './recency-embedding.js';
import { SpectrumStatistics } from './spectrum-statistics.js';

const [mean, variance] = [new Float32Array(18), new Float32Array(18).fill(1)];
const normaliser = { shape: [18], mean, variance, count: Float64Array.of(1) };

testOptionNames([
  [
    'FeatureState',
    (options) => new FeatureState(options),
    { storage: 'float32', decay: 0.9, hasSinks: true },
  ],
  [
    'FeatureState.observe',
    (pass) => new FeatureState().observe(Float32Array.of(1), pass),
    { queries: 1, group: 1 },
  ],
  [
    'FeatureEncoder',
    (options) => new FeatureEncoder(options),
    { normaliser, recency: { dimension: 8 }, keys: ['norm'] },
  ],
  [
    'RecencyEmbedding',
    (settings) => new RecencyEmbedding(settings),
    { dimension: 4, maxFrequency: 100, start: 1 },
  ],
  [
    'foldFrames',
    foldFrames,
    {
      ...{ seen: 0, queries: 1, decay: 0.9 },
      pending: new Float32Array(0),
      attention: Float32Array.of(1),
    },
  ],
  [
    'SpectrumStatistics',
    (shape) => new SpectrumStatistics(shape),
    { layers: 1, heads: 1, keys: 1 },
  ],
]);
