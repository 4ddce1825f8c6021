import type { TrainableSettings } from '../trainables/trainable-settings.js';

/** The model, and how it is run. */
export interface ModelSettings {
  readonly folder: string;
  /** Run length over training length; 1 runs the model as it is. */
  readonly extensionFactor: number;
  /** α of the NTK-aware extension. */
  readonly alpha: number;
  /** Factor on the attention logits. */
  readonly logitFactor: number;
}

/** What an evaluator has to know. Plain data, so that a worker thread can be told. */
export interface EvaluatorSettings {
  readonly model: ModelSettings;
  readonly trainable: TrainableSettings;
}
