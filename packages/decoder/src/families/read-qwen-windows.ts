import type { ConfigReader } from '../config-reader.js';
import { readLayerCount } from './gated-decoder.js';
import { readWindows } from './read-windows.js';

/** Qwen's rule: with `use_sliding_window`, layers from `max_window_layers` on slide. */
export function readQwenWindows(config: ConfigReader): (number | null)[] {
  const used = config.boolean('use_sliding_window', false);
  const size = used ? config.optionalCountOr('sliding_window', 4096) : null;
  const first = used ? config.number('max_window_layers', { default: 28 }) : 0;
  return readWindows(
    config,
    readLayerCount(config),
    size,
    (index) => size !== null && index >= first,
  );
}
