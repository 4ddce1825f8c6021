import { attentionBias, commonTraits } from './common-traits.js';
import type { Family } from './family.js';
import { gatedDecoder, readLayerCount } from './gated-decoder.js';
import { readWindows } from './read-windows.js';

/** SmolLM3: Llama in which some layers have no RoPE. */
export const smollm3: Family = {
  modelType: 'smollm3',
  read(config, prefix) {
    const interval = config.count('no_rope_layer_interval', 4);
    // Despite its name the list holds 1 where RoPE is used.
    const listed = config.optionalIntegers('no_rope_layers', readLayerCount(config));
    const rotates = (index: number) =>
      listed ? listed[index] !== 0 : (index + 1) % interval !== 0;
    const used = config.boolean('use_sliding_window', false);
    const size = used ? config.optionalCount('sliding_window') : null;
    const windows = readWindows(config, size, (index) => !rotates(index));
    return gatedDecoder(config, prefix, {
      ...commonTraits(config, { maximumPositions: 32_768, ropeBase: 2_000_000 }),
      ...attentionBias(config),
      layer: (index) => ({ window: windows[index]!, rotary: rotates(index) ? 0 : null }),
      tiedByDefault: true,
      feedForwardBias: config.boolean('mlp_bias', false),
    });
  },
};
