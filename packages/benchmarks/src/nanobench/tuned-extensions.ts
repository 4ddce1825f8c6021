import { readFile } from 'node:fs/promises';
import { FileFormatError, parseSealedJson, sealedJson, writeFileAtomic } from '@namm/core';
import * as z from '@namm/core/schema';
import type { Extension } from './extension.js';

const extension = z.object({
  kind: z.enum(['ntk', 'yarn']),
  alpha: z.number().positive(),
  logitFactor: z.number().positive(),
});

const file = z.object({
  model: z.string(),
  best: z.record(z.string(), extension),
});

/** Result of `tuneExtensions` for a model: the best extension per factor. */
export interface TunedExtensions {
  /** Digest of the model. */
  readonly model: string;
  /** By factor. */
  readonly best: Readonly<Record<string, Extension>>;
}

/** The name of the file beside a model. */
export const tunedExtensionsFile = 'context-extension.json';

/** Writes what was tuned for a model, beside what the file says of the same model at other factors. */
export async function writeTunedExtensions(path: string, tuned: TunedExtensions): Promise<void> {
  const known = await readTunedExtensions(path, tuned.model).catch(() => null);
  const all: TunedExtensions = { ...tuned, best: { ...known?.best, ...tuned.best } };
  await writeFileAtomic(path, `${sealedJson(all, 2)}\n`);
}

/**
 * Reads tuned extensions.
 *
 * @param version digest of the model that it is for
 * @throws {FileFormatError} when there is no such file, or it was tuned for another model
 */
export async function readTunedExtensions(path: string, version: string): Promise<TunedExtensions> {
  let tuned: TunedExtensions;
  try {
    tuned = file.parse(parseSealedJson(await readFile(path, 'utf8')));
  } catch (cause) {
    const problem = 'holds no tuned extensions; `bench nanobench tune` writes them';
    throw new FileFormatError(path, problem, { cause });
  }
  if (tuned.model === version) return tuned;
  throw new FileFormatError(path, `was tuned for model ${tuned.model}, not ${version}; tune again`);
}
