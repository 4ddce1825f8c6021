import type { TrainableSettings } from '../trainables/trainable-settings.js';

/** The model, and how it is run. */
export interface ModelSettings {
  readonly folder: string;
  /** Run length over training length; 1 runs the model as it is. */
  readonly extensionFactor: number;
  /** How the model reads beyond its training length. @defaultValue 'ntk' */
  readonly extension?: 'ntk' | 'yarn';
  /** α of the NTK-aware extension; the other one has none. */
  readonly alpha: number;
  /** Factor on the attention logits. */
  readonly logitFactor: number;
}

/** The extension as the decoder wants it; none for models that run as they are. */
export function contextExtensionOf({
  extension: kind = 'ntk',
  extensionFactor,
  alpha,
}: ModelSettings) {
  const factor = extensionFactor;
  if (factor === 1) return {};
  return { contextExtension: kind === 'ntk' ? { factor, kind, alpha } : { factor, kind } };
}

/** What an evaluator has to know. Plain data, so that a worker thread can be told. */
export interface EvaluatorSettings {
  readonly model: ModelSettings;
  readonly trainable: TrainableSettings;
}
