import type { ConfigReader } from '../source/config-reader.js';
import { readLayerCount } from './gated-decoder.js';

/**
 * The sliding window of each layer: from `layer_types` where the configuration lists them
 * (transformers 5), else by the family's own rule.
 *
 * @param config the model's configuration
 * @param size the window in tokens, or null when no layer slides
 * @param slides the family's rule for layer `index`; every layer when absent
 */
export function readWindows(
  config: ConfigReader,
  size: number | null,
  slides: (index: number) => boolean = () => true,
): (number | null)[] {
  const layers = readLayerCount(config);
  const types = config.optionalTexts('layer_types', layers);
  return Array.from({ length: layers }, (_, index) => {
    const type = types?.[index] ?? (slides(index) ? 'sliding_attention' : 'full_attention');
    if (type === 'full_attention') return null;
    if (type === 'sliding_attention') return size;
    return config.fail('layer_types', `'${type}' is not a kind of attention this runtime knows`);
  });
}

/** Qwen's rule: with `use_sliding_window`, layers from `max_window_layers` on slide. */
export function readQwenWindows(config: ConfigReader): (number | null)[] {
  if (!config.boolean('use_sliding_window', false)) return readWindows(config, null);
  const first = config.number('max_window_layers', { default: 28 });
  const size = config.optionalCountOr('sliding_window', 4096);
  return readWindows(config, size, (index) => index >= first);
}
