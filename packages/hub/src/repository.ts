import type { Hub } from './hub.js';

/** A model on a hub, at a branch, tag or commit. */
export interface Repository {
  readonly hub: Hub;
  readonly id: string;
  readonly revision: string;
  /** Folder inside the repository that holds the model; empty for its root. */
  readonly subfolder: string;
}

/** `organisation/name` or `name`, as the hub allows them. */
const idPattern = /^(\b[\w\-.]+\b\/)?\b[\w\-.]{1,96}\b$/;

/**
 * Whether a text can be the id of a model on a hub, by the rule of transformers.js; everything else is a path.
 *
 * @param text what a user named
 */
export function isModelId(text: string): boolean {
  return (
    idPattern.test(text) &&
    !text.includes('..') &&
    !text.includes('--') &&
    !text.endsWith('.git') &&
    !text.endsWith('.ipynb')
  );
}

/** Where a file is fetched from. */
export function fileUrl({ hub, id, revision, subfolder }: Repository, file: string): string {
  const path = hub.pathTemplate
    .replaceAll('{model}', id)
    .replaceAll('{revision}', encodeURIComponent(revision));
  return [hub.host, path, subfolder, file]
    .filter((part) => part !== '')
    .map((part, i, { length }) => trimSlashes(part, i > 0, i < length - 1))
    .join('/');
}

function trimSlashes(part: string, start: boolean, end: boolean): string {
  const trimmed = start ? part.replace(/^\/+/, '') : part;
  return end ? trimmed.replace(/\/+$/, '') : trimmed;
}
