import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import { ModelNotFoundError } from './errors.js';
import { type FetchOptions, fetchLarge } from './fetch-model.js';
import { type FileFacts, fileFacts } from './file-facts.js';
import { pinCommit, pinnedCommit } from './pinned-commit.js';
import { isModelId, type Repository } from './repository.js';
import { sizes } from './weight-files.js';

/** A GGUF file of a model on a hub. */
export interface GgufPlace {
  readonly id: string;
  /** In the repository. */
  readonly file: string;
}

/** Parts of a model that anybody splits into: more is a slip of the pen, and would be asked for one by one. */
const mostParts = 1000;

/**
 * Reads `OWNER/NAME:FILE.gguf`.
 *
 * @param text what a user named
 * @returns null when it is not of that form
 */
export function ggufPlace(text: string): GgufPlace | null {
  const [, id, file] = /^([^:]+):([\w.-]+(?:\/[\w.-]+)*\.gguf)$/i.exec(text) ?? [];
  if (id === undefined || file === undefined || !isModelId(id)) return null;
  return file.split('/').includes('..') ? null : { id, file };
}

/**
 * The names of all parts of a GGUF file.
 *
 * @param file of a split model the first part
 * @throws {InvalidArgumentError} when it is another part, or of too many
 */
function ggufParts(file: string): string[] {
  const [, stem, part, total] = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i.exec(file) ?? [];
  if (stem === undefined) return [file];
  const count = Number(total);
  if (Number(part) !== 1 || count > mostParts) {
    throw new InvalidArgumentError('model', `'${file}' is not the first part of a split model`);
  }
  return Array.from({ length: count }, (_, i) =>
    i === 0 ? file : `${stem}-${String(i + 1).padStart(5, '0')}-of-${total}.gguf`,
  );
}

/**
 * Brings a GGUF file of the hub, with all its parts, into a folder. What is there already stays.
 *
 * @param repository at the revision wanted
 * @param file in the repository; of a split model the first part
 * @param folder that gets it
 * @throws {ModelAccessError | ModelNotFoundError | DownloadError}
 */
export async function fetchGguf(
  repository: Repository,
  file: string,
  folder: string,
  options: FetchOptions,
): Promise<void> {
  let revision = (await pinnedCommit(folder)) ?? repository.revision;
  const all: FileFacts[] = [];
  for (const part of ggufParts(file)) {
    const facts = await fileFacts({ ...repository, revision }, part, options);
    if (!facts) {
      const where = { model: repository.id, revision: repository.revision, file: part };
      const problem = 'there is no such file; the page of the model lists its files.';
      throw new ModelNotFoundError(where, problem);
    }
    if (facts.commit !== null) revision = await pinCommit(folder, facts.commit);
    options.progress.expect(part, facts.size);
    all.push(facts);
  }
  for (const facts of all) await fetchLarge({ ...repository, revision }, facts, folder, options);
}

/** The file in a folder when all its parts are there, else null. */
export async function ggufOnDisk(folder: string, file: string): Promise<string | null> {
  return (await sizes(folder, ggufParts(file))) ? join(folder, file) : null;
}
