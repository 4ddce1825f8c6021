import { readRotary } from '../rotary/read-rotary.js';
import type { Family } from './family.js';
import { gatedDecoder, readHeads, readLayerCount } from './gated-decoder.js';
import { readWindows } from './read-windows.js';

/** SmolLM3: Llama in which some layers have no RoPE. */
export const smollm3: Family = {
  modelType: 'smollm3',
  read(config, prefix) {
    const { headSize } = readHeads(config);
    const layers = readLayerCount(config);
    const maximumPositions = config.count('max_position_embeddings', 32_768);
    const attentionBias = config.boolean('attention_bias', false);
    const interval = config.count('no_rope_layer_interval', 4);
    // Despite its name the list holds 1 where RoPE is used.
    const listed = config.optionalIntegers('no_rope_layers', layers);
    const rotates = (index: number) =>
      listed ? listed[index] !== 0 : (index + 1) % interval !== 0;
    const used = config.boolean('use_sliding_window', false);
    const size = used ? config.optionalCount('sliding_window') : null;
    const windows = readWindows(config, layers, size, (index) => size !== null && !rotates(index));
    return gatedDecoder(config, prefix, {
      headSize,
      maximumPositions,
      rotary: [readRotary(config, { headSize, base: 2_000_000, maximumPositions })],
      layer: (index) => ({ window: windows[index]!, rotary: rotates(index) ? 0 : null }),
      tiedByDefault: true,
      queryKeyValueBias: attentionBias,
      outputBias: attentionBias,
      feedForwardBias: config.boolean('mlp_bias', false),
    });
  },
};
