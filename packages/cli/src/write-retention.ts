import { type RetentionRecord, writeFileAtomic } from '@namm/core';
import { writeRetentionRecord } from '@namm/kv-cache';
import { type RetentionPicture, retentionPage } from '@namm/report';

/**
 * Writes what each head kept: as a page when the file's name ends in `.html`, else as a file for programs.
 *
 * @param pictures of parts of the record, for the page
 */
export async function writeRetention(
  path: string,
  record: RetentionRecord,
  pictures: readonly RetentionPicture[] = [],
): Promise<void> {
  if (path.endsWith('.html')) await writeFileAtomic(path, retentionPage(record, { pictures }));
  else await writeRetentionRecord(path, record);
}
