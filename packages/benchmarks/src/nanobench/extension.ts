import { InvalidArgumentError } from '@namm/core';
import type { ModelSetting } from '../table/table-row.js';

/** How a model is made to read more than it was trained for, at any factor. */
export type Extension = Pick<ModelSetting, 'kind' | 'alpha' | 'logitFactor'>;

/** An extension, or the one that was tuned for the model and factor. */
export type ExtensionChoice = Extension | 'tuned';

/** NTK only, as published: alpha 2, logits as they are. */
const publishedExtension: Extension = { kind: 'ntk', alpha: 2, logitFactor: 1 };

/**
 * Reads `published`, `tuned`, `ntk:ALPHA:LOGITS` or `yarn:LOGITS`.
 *
 * @throws {InvalidArgumentError} when the text is none of these
 */
export function parseExtension(text: string): ExtensionChoice {
  if (text === 'published') return publishedExtension;
  if (text === 'tuned') return text;
  const [kind, ...numbers] = text.split(':');
  const values = numbers.map(Number);
  const isGood = values.length === (kind === 'ntk' ? 2 : 1) && values.every((value) => value > 0);
  if (isGood && kind === 'ntk') return { kind, alpha: values[0]!, logitFactor: values[1]! };
  if (isGood && kind === 'yarn') return { kind, alpha: 1, logitFactor: values[0]! };
  const problem = `'${text}' is none of published, tuned, ntk:ALPHA:LOGITS, yarn:LOGITS`;
  throw new InvalidArgumentError('extension', problem);
}
