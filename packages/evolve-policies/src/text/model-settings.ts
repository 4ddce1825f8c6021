import type { RopeScaling } from '@namm/decoder';
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

/** The same as the decoder wants it. */
export function ropeScalingOf({
  extension: kind = 'ntk',
  extensionFactor: factor,
  alpha,
  logitFactor,
}: ModelSettings): RopeScaling {
  return kind === 'ntk' ? { factor, kind, alpha, logitFactor } : { factor, kind, logitFactor };
}

/** What a {@link TextAssessor} is made from. Plain data, so that a worker thread can be told. */
export interface TextAssessorSettings {
  readonly model: ModelSettings;
  readonly trainable: TrainableSettings;
}
