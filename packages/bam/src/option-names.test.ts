import { testOptionNames } from '@namm/testing';
import { checkSettings } from './scorer-settings.js';

testOptionNames([
  [
    'checkSettings of a BAM',
    checkSettings,
    { kind: 'bam', features: 25, visible: [0, 25], hidden: 32, attention: true },
  ],
  [
    'checkSettings of an MLP',
    checkSettings,
    {
      ...{ kind: 'mlp', features: 25, visible: [0, 25], hidden: 25 },
      ...{ depth: 2, bias: true, residual: true },
    },
  ],
  [
    'checkSettings of a linear scorer',
    checkSettings,
    { kind: 'linear', features: 25, visible: [0, 8], bias: false },
  ],
]);
