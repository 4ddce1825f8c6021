import { commonTraits } from './common-traits.js';
import type { Family } from './family.js';
import { gatedDecoder } from './gated-decoder.js';
import { gemmaHeadSize, gemmaTraits } from './gemma-traits.js';
import { readWindows } from './read-windows.js';

/** Gemma 2: every other layer slides, scores and logits are soft-capped, four norms per layer. */
export const gemma2: Family = {
  modelType: 'gemma2',
  read(config, prefix) {
    const window = config.optionalCountOr('sliding_window', 4096);
    const windows = readWindows(config, window, (index) => index % 2 === 0);
    const defaults = { headSize: gemmaHeadSize, maximumPositions: 8192, windows };
    return gatedDecoder(config, prefix, {
      ...commonTraits(config, defaults),
      ...gemmaTraits(config),
      attentionSoftCap: config.optionalNumberOr('attn_logit_softcapping', 50),
      logitSoftCap: config.optionalNumberOr('final_logit_softcapping', 30),
    });
  },
};
