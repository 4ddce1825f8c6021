import type { PublicItem } from '../data/public-task.js';
import { commonLength, type PreparedPrompt } from './prepare-prompt.js';

/** A prompt of a task, as the model is asked it. */
export interface AskedItem {
  readonly item: PublicItem;
  readonly prompt: PreparedPrompt;
}

/** Neighbours that begin alike for a chunk and more, with the length of what they share in whole chunks. */
export interface ItemGroup {
  readonly items: readonly AskedItem[];
  readonly shared: number;
}

/**
 * Puts neighbours together whose prompts begin alike.
 *
 * @param chunkSize tokens that a model reads at once; only whole chunks are shared
 */
export function itemGroups(asked: readonly AskedItem[], chunkSize: number): ItemGroup[] {
  const groups: ItemGroup[] = [];
  const sharedBy = (items: readonly AskedItem[]) => {
    const ids = items.map(({ prompt }) => prompt.ids);
    // The last token of a prompt is read with the answer.
    const most = Math.min(commonLength(ids), ...ids.map(({ length }) => length - 1));
    return Math.floor(most / chunkSize) * chunkSize;
  };
  let items: AskedItem[] = [];
  for (const next of asked) {
    const shared = items.length > 0 ? sharedBy([...items, next]) : 0;
    // A short common beginning, such as an instruction, is not worth losing a long one for.
    const isAlike = shared > 0 && (items.length === 1 || shared >= sharedBy(items) / 2);
    if (items.length > 0 && !isAlike) {
      groups.push({ items, shared: items.length > 1 ? sharedBy(items) : 0 });
      items = [];
    }
    items.push(next);
  }
  if (items.length > 0) groups.push({ items, shared: items.length > 1 ? sharedBy(items) : 0 });
  return groups;
}
