/**
 * The order in which waiting requests are begun: of clients with fewer requests under way first, among equals those whose
 * turn is longest ago, and for each client as they came. So one that sends much does not keep others waiting.
 *
 * @param waiting as they came
 * @param active clients of the requests that are under way
 * @param turns when each client had its last turn; one that had none comes first
 */
export function fairOrder<Waiting extends { readonly client: string }>(
  waiting: readonly Waiting[],
  active: readonly string[],
  turns: ReadonlyMap<string, number> = new Map(),
): Waiting[] {
  const counts = new Map<string, number>();
  for (const client of active) counts.set(client, (counts.get(client) ?? 0) + 1);
  const ranked = waiting.map((request) => {
    const rank = counts.get(request.client) ?? 0;
    counts.set(request.client, rank + 1);
    return { request, rank, turn: turns.get(request.client) ?? -1 };
  });
  return ranked.sort((a, b) => a.rank - b.rank || a.turn - b.turn).map(({ request }) => request);
}
