import { type RetentionRecord, writeFileAtomic } from '@namm/core';
import type { Tokenizer } from '@namm/decoder';
import type { RetentionRecorder } from '@namm/kv-cache';
import { writeRetentionRecord } from '@namm/kv-cache';
import { retentionPage } from '@namm/report';

/** The record of a run with the text it is about. */
export function describeRun(
  recorder: RetentionRecorder,
  tokenizer: Tokenizer,
  ids: readonly number[],
  promptTokens: number,
  notes: Readonly<Record<string, string>>,
): RetentionRecord {
  // Where a tokenizer tidies up spaces, a piece can come with a later token than its own.
  const stream = tokenizer.stream();
  const pieces = ids.map((id) => stream.push(id));
  pieces[pieces.length - 1] += stream.end();
  const parts = [
    { name: 'prompt', tokens: promptTokens },
    { name: 'answer', tokens: ids.length - promptTokens },
  ].filter(({ tokens }) => tokens > 0);
  return recorder.record({ ids: Uint32Array.from(ids), pieces, parts, notes });
}

/** Writes a record as a page when the file's name ends in `.html`, else as a file for programs. */
export async function writeRetention(path: string, record: RetentionRecord): Promise<void> {
  if (path.endsWith('.html')) await writeFileAtomic(path, retentionPage(record));
  else await writeRetentionRecord(path, record);
}
