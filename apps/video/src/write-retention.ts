import type { Viewing } from '@namm/cache-video';
import { InvalidArgumentError, writeFileAtomic } from '@namm/core';
import { writeRetentionRecord } from '@namm/kv-cache';
import { retentionPage } from '@namm/report';

/** Writes what each head held: as a page when the file's name ends in `.html`, else as a file for programs. */
export async function writeRetention(
  path: string,
  viewing: Viewing,
  notes: Readonly<Record<string, string>>,
): Promise<void> {
  const record = viewing.record(notes);
  if (!record) throw new InvalidArgumentError('--retention', 'nothing was recorded');
  if (path.endsWith('.html')) {
    await writeFileAtomic(path, retentionPage(record, { pictures: viewing.pictures() }));
  } else await writeRetentionRecord(path, record);
}
