import type { Probe } from './contracts/probe.js';

/**
 * Groups items by probe. A graph computes one kind of probe, so items with the same probe can share a model.
 *
 * @param items policies, or anything else with a probe
 * @returns lists of items with equal probes, ordered by their first item
 *
 * @example
 * ```ts
 * for (const group of groupByProbe(policies)) {
 *   const decoder = await Decoder.load(folder, { probe: group[0]!.probe });
 *   …
 * }
 * ```
 */
export function groupByProbe<Item extends { readonly probe: Probe }>(
  items: readonly Item[],
): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = JSON.stringify(item.probe);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}
