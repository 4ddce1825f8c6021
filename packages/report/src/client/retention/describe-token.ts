import { formatNumber } from '../../format-number.js';
import type { RetentionPageData } from '../../retention/retention-page-data.js';
import type { Retention } from './retention.js';

/** Lines about one token: in one head, or in all. */
export function describeToken(
  retention: Retention,
  { pieces, isText, ids }: RetentionPageData,
  token: number,
  head: number | null,
  update: number,
): string[] {
  const name = isText ? ` ${JSON.stringify(pieces[token])}` : '';
  const id = ids === null ? '' : `, id ${ids[token]}`;
  const lines = [`token ${formatNumber(token)}${name}${id}`];
  if (token >= retention.seen[update]!) return [...lines, 'not read yet'];
  lines.push(
    head === null ? holders(retention, token, update) : fate(retention, token, head, update),
  );
  if (retention.hasScores) {
    lines.push(
      head === null ? scores(retention, token, update) : score(retention, token, head, update),
    );
  }
  return lines;
}

function holders(retention: Retention, token: number, update: number): string {
  const { heads } = retention;
  const count = heads.filter((_, head) => retention.holds(head, token, update)).length;
  return `held by ${count} of ${heads.length} heads`;
}

function fate(retention: Retention, token: number, head: number, update: number): string {
  const evictedAt = retention.evictedAt(head, token);
  if (evictedAt <= update) return `evicted at update ${evictedAt + 1}`;
  return evictedAt === retention.updates ? 'held to the end' : `held until update ${evictedAt + 1}`;
}

function score(retention: Retention, token: number, head: number, update: number): string {
  const found = retention.score(head, token, update);
  if (found === null) return 'not scored';
  return `last score ${formatNumber(found.value)} (as of update ${found.update + 1})`;
}

function scores(retention: Retention, token: number, update: number): string {
  const found = retention.heads.flatMap((_, head) => retention.score(head, token, update) ?? []);
  if (found.length === 0) return 'not scored';
  const values = found.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) =>
    formatNumber(value),
  );
  return `last scores ${low} to ${high} in ${found.length} heads (as of update ${found[0]!.update + 1})`;
}
