import type { ConfigReader } from '../config-reader.js';

/**
 * The sliding window of each layer: from `layer_types` where the configuration lists them
 * (transformers 5), else by the family's own rule.
 *
 * @param config the model's configuration
 * @param layers number of layers
 * @param size the window in tokens, or null when no layer slides
 * @param slides the family's rule for layer `index`
 */
export function readWindows(
  config: ConfigReader,
  layers: number,
  size: number | null,
  slides: (index: number) => boolean,
): (number | null)[] {
  const types = config.optionalTexts('layer_types', layers);
  return Array.from({ length: layers }, (_, index) => {
    const type = types?.[index] ?? (slides(index) ? 'sliding_attention' : 'full_attention');
    if (type === 'full_attention') return null;
    if (type !== 'sliding_attention') {
      return config.fail('layer_types', `'${type}' is no kind of attention this runtime knows`);
    }
    return size;
  });
}
