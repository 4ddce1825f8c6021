import type { RetentionRecord } from './retention-record.js';

/** What is wrong with a record, or null. Every size is compared before anything is read with it. */
export function findRetentionProblem(record: RetentionRecord): string | null {
  const { headsPerLayer, seen } = record;
  const isCount = (count: number) => Number.isSafeInteger(count) && count >= 1;
  if (headsPerLayer.length === 0 || !headsPerLayer.every(isCount)) {
    return 'headsPerLayer is not a list of whole numbers from 1 on';
  }
  const fall = seen.findIndex((count, update) => update > 0 && count < seen[update - 1]!);
  if (fall >= 0) return `seen falls at update ${fall}`;
  for (const [name, values] of Object.entries(record.bytes)) {
    const problem = bytesProblem(values, seen.length);
    if (problem !== null) return `bytes.${name} ${problem}`;
  }
  const heads = headsPerLayer.reduce((sum, count) => sum + count, 0);
  return (
    evictedAtProblem(record, heads) ??
    scoresProblem(record, heads) ??
    tokensProblem(record) ??
    partsProblem(record)
  );
}

function bytesProblem(values: Float64Array, updates: number): string | null {
  if (values.length !== updates) return `has ${values.length} numbers for ${updates} updates`;
  const wrong = values.findIndex((value) => !Number.isSafeInteger(value) || value < 0);
  return wrong < 0 ? null : `holds ${values[wrong]} at update ${wrong}`;
}

function evictedAtProblem({ seen, evictedAt }: RetentionRecord, heads: number): string | null {
  const tokens = seen.at(-1) ?? 0;
  const updates = seen.length;
  if (evictedAt.length !== heads * tokens) {
    return `evictedAt has ${evictedAt.length} numbers for ${heads} heads × ${tokens} tokens`;
  }
  for (let token = 0, arrival = 0; token < tokens; token++) {
    while (seen[arrival]! <= token) arrival++;
    for (let head = 0; head < heads; head++) {
      const update = evictedAt[head * tokens + token]!;
      if (update >= arrival && update <= updates) continue;
      return `evictedAt says ${update} for token ${token} of head ${head}, which came at update ${arrival} of ${updates}`;
    }
  }
  return null;
}

function scoresProblem({ seen, scores }: RetentionRecord, heads: number): string | null {
  let last = -1;
  for (const { update, values } of scores) {
    if (!Number.isInteger(update) || update <= last || update >= seen.length) {
      return `scores of update ${update} are out of order, or beyond the ${seen.length} updates`;
    }
    if (values.length !== heads * seen[update]!) {
      return `scores of update ${update} are ${values.length}, not ${heads} heads × ${seen[update]} tokens`;
    }
    last = update;
  }
  return null;
}

function tokensProblem({ seen, ids, pieces }: RetentionRecord): string | null {
  const tokens = seen.at(-1) ?? 0;
  if (ids !== undefined && ids.length !== tokens)
    return `has ${ids.length} ids for ${tokens} tokens`;
  if (pieces === undefined) return null;
  if (pieces.length !== tokens) return `has ${pieces.length} pieces for ${tokens} tokens`;
  // Half of a surrogate pair is not a character: UTF-8, and so the file, cannot hold it.
  const broken = pieces.findIndex((piece) => typeof piece !== 'string' || /\p{Cs}/u.test(piece));
  return broken < 0 ? null : `piece ${broken} is not well-formed text`;
}

function partsProblem({ seen, parts }: RetentionRecord): string | null {
  if (parts === undefined) return null;
  for (const [i, { name, tokens }] of parts.entries()) {
    if (typeof name !== 'string' || name === '') return `part ${i} has no name`;
    if (!Number.isSafeInteger(tokens) || tokens < 1) return `part ${i} has ${tokens} tokens`;
  }
  const covered = parts.reduce((sum, { tokens }) => sum + tokens, 0);
  const all = seen.at(-1) ?? 0;
  return covered === all ? null : `has parts of ${covered} tokens in all, for ${all} tokens`;
}
