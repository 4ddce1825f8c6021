import type { PublicItem } from '../data/public-task.js';
import { commonLength, type PreparedPrompt } from './prepare-prompt.js';

/** A prompt of a task, as the model is asked it. */
export interface AskedItem {
  readonly item: PublicItem;
  readonly prompt: PreparedPrompt;
  /** Tokens that are read before anything else happens: at most all but the last, which is read with the answer. */
  readonly readTo: number;
}

/** Neighbours about one text that begin alike for a chunk and more, with the length of what they share in whole chunks. */
export interface ItemGroup {
  readonly items: readonly AskedItem[];
  readonly shared: number;
}

/**
 * Puts neighbours together that are about one text and whose prompts begin alike. Prompts that are alike by chance stay
 * apart, so that a run can take those of its tasks in turn.
 *
 * @param chunkSize tokens that a model reads at once; only whole chunks are shared
 */
export function* itemGroups(asked: Iterable<AskedItem>, chunkSize: number): Generator<ItemGroup> {
  const sharedBy = (items: readonly AskedItem[]) => {
    const ids = items.map(({ prompt }) => prompt.ids);
    const most = Math.min(commonLength(ids), ...items.map(({ readTo }) => readTo));
    return Math.floor(most / chunkSize) * chunkSize;
  };
  let items: AskedItem[] = [];
  for (const next of asked) {
    const isOfText = next.item.text !== undefined && next.item.text === items[0]?.item.text;
    const shared = isOfText ? sharedBy([...items, next]) : 0;
    // A short common beginning, such as an instruction, is not worth losing a long one for.
    const isAlike = shared > 0 && (items.length === 1 || shared >= sharedBy(items) / 2);
    if (items.length > 0 && !isAlike) {
      yield { items, shared: items.length > 1 ? sharedBy(items) : 0 };
      items = [];
    }
    items.push(next);
  }
  if (items.length > 0) yield { items, shared: items.length > 1 ? sharedBy(items) : 0 };
}
