import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { ModelSetting } from '@namm/benchmarks';
import { FileFormatError, writeFileAtomic } from '@namm/core';
import type { DecoderOptions } from '@namm/decoder';

/** How a model is made to read more than it was trained for, at any factor. */
export type Extension = Pick<ModelSetting, 'kind' | 'alpha' | 'logitFactor'>;

/** An extension, or the one that was tuned for the model and factor. */
export type ExtensionChoice = Extension | 'tuned';

/** NTK only, as published: alpha 2, logits as they are. */
const publishedExtension: Extension = { kind: 'ntk', alpha: 2, logitFactor: 1 };

/** Reads a list of `published`, `tuned`, `ntk:ALPHA:LOGITS` and `yarn:LOGITS`. */
export function parseExtensions(text: string): ExtensionChoice[] {
  return text.split(',').map((part) => {
    if (part === 'published') return publishedExtension;
    if (part === 'tuned') return part;
    const [kind, ...numbers] = part.split(':');
    const values = numbers.map(Number);
    const count = kind === 'ntk' ? 2 : 1;
    const isKnown = kind === 'ntk' || kind === 'yarn';
    if (isKnown && values.length === count && values.every((value) => value > 0)) {
      const [alpha, logitFactor] = kind === 'ntk' ? values : [1, ...values];
      return { kind, alpha: alpha!, logitFactor: logitFactor! };
    }
    throw new InvalidArgumentError(
      `'${part}' is none of published, tuned, ntk:ALPHA:LOGITS, yarn:LOGITS.`,
    );
  });
}

/** The options of the decoder for a setting. */
export function decoderOptions(setting: Omit<ModelSetting, 'model' | 'version'>): DecoderOptions {
  const { factor, kind, alpha, logitFactor } = setting;
  return { ropeScaling: { factor, kind, alpha: kind === 'ntk' ? alpha : 1, logitFactor } };
}

/** What `nanobench tune` found for a model: the best extension per factor. */
export interface TunedExtensions {
  readonly model: string;
  /** By factor. */
  readonly best: Readonly<Record<string, Extension>>;
}

/** The name of the file beside a model. */
export const tunedFile = 'context-extension.json';

/** Writes what was tuned for a model, beside what the file says of the model at other factors. */
export async function writeTuned(file: string, tuned: TunedExtensions): Promise<void> {
  const known = await readTuned('', tuned.model, file).catch(() => null);
  const all: TunedExtensions = { ...tuned, best: { ...known?.best, ...tuned.best } };
  await writeFileAtomic(file, `${JSON.stringify(all, null, 2)}\n`);
}

/**
 * Reads what `nanobench tune` wrote.
 *
 * @param version digest of the model
 * @throws {FileFormatError} when there is none, or it was tuned for another model
 */
export async function readTuned(
  folder: string,
  version: string,
  path?: string,
): Promise<TunedExtensions> {
  const file = path ?? join(folder, tunedFile);
  let tuned: TunedExtensions;
  try {
    tuned = JSON.parse(await readFile(file, 'utf8')) as TunedExtensions;
  } catch (cause) {
    const problem = 'cannot be read; `bench nanobench tune` writes it';
    throw new FileFormatError(file, problem, { cause });
  }
  if (tuned.model === version) return tuned;
  throw new FileFormatError(file, `was tuned for model ${tuned.model}, not ${version}; tune again`);
}
