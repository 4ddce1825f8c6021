import { env } from '@huggingface/transformers';

/** A model on the hub, at a branch, tag or commit. */
export interface Repository {
  readonly id: string;
  readonly revision: string;
  /** Folder inside the repository that holds the model; empty for its root. */
  readonly subfolder: string;
}

/** `organisation/name` or `name`, as the hub allows them. */
const idPattern = /^(\b[\w\-.]+\b\/)?\b[\w\-.]{1,96}\b$/;

/** Whether transformers.js takes a text for the id of a model; everything else is a path. */
export function isModelId(text: string): boolean {
  return (
    idPattern.test(text) &&
    !text.includes('..') &&
    !text.includes('--') &&
    !text.endsWith('.git') &&
    !text.endsWith('.ipynb')
  );
}

/** Where a file is fetched from: `env.remoteHost` and `env.remotePathTemplate`, as in transformers.js. */
export function fileUrl({ id, revision, subfolder }: Repository, file: string): string {
  const path = env.remotePathTemplate
    .replaceAll('{model}', id)
    .replaceAll('{revision}', encodeURIComponent(revision));
  return [env.remoteHost, path, subfolder, file]
    .filter((part) => part !== '')
    .map((part, i, { length }) => trimSlashes(part, i > 0, i < length - 1))
    .join('/');
}

function trimSlashes(part: string, start: boolean, end: boolean): string {
  const trimmed = start ? part.replace(/^\/+/, '') : part;
  return end ? trimmed.replace(/\/+$/, '') : trimmed;
}
