import { readRotary } from '../rotary/read-rotary.js';
import type { RotarySpec } from '../rotary/rotary-spec.js';
import type { ConfigReader } from '../source/config-reader.js';
import type { Family } from './family.js';
import { gatedDecoder, readHeads } from './gated-decoder.js';
import { gemmaHeadSize, gemmaTraits } from './gemma-traits.js';
import { readWindows } from './read-windows.js';

/** Gemma 3 (text): most layers slide and have a RoPE of their own; norms on query and key heads. */
export const gemma3Text: Family = {
  modelType: 'gemma3_text',
  read(config, prefix) {
    if (config.boolean('use_bidirectional_attention', false)) {
      config.fail('use_bidirectional_attention', 'an encoder, not a decoder, cannot be run');
    }
    const { headSize } = readHeads(config, gemmaHeadSize);
    const maximumPositions = config.count('max_position_embeddings', 131_072);
    const windows = readGemma3Windows(config);
    return gatedDecoder(config, prefix, {
      ...gemmaTraits(config),
      headSize,
      maximumPositions,
      statesReach: true,
      rotary: readGemma3Rotary(config, headSize, maximumPositions),
      layer: (index) => ({ window: windows[index]!, rotary: windows[index] === null ? 0 : 1 }),
      queryKeyNorm: 'head',
      logitSoftCap: config.optionalNumber('final_logit_softcapping'),
    });
  },
};

/** Every sixth layer sees everything, unless the configuration states another pattern. */
function readGemma3Windows(config: ConfigReader): (number | null)[] {
  const pattern = config.count('sliding_window_pattern', 6);
  const window = config.optionalCountOr('sliding_window', 4096);
  return readWindows(config, window, (index) => (index + 1) % pattern !== 0);
}

/** The table of the layers that see everything, and that of the sliding ones. */
function readGemma3Rotary(
  config: ConfigReader,
  headSize: number,
  maximumPositions: number,
): RotarySpec[] {
  const everything = { headSize, base: 1_000_000, maximumPositions };
  // Sliding layers keep the frequencies of short contexts and are never scaled.
  const base = config.number('rope_local_base_freq', { above: 0, default: 10_000 });
  const sliding = config.optionalObject('rope_parameters')?.has('sliding_attention')
    ? readRotary(config, { headSize, base, maximumPositions }, 'sliding_attention')
    : { size: headSize, base, scaling: { kind: 'none' as const } };
  return [readRotary(config, everything, 'full_attention'), sliding];
}
