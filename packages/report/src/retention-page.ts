import {
  checkNames,
  checkRetentionRecord,
  InvalidArgumentError,
  type RetentionRecord,
} from '@namm/core';
import script from './client/retention-page.ts?bundle';
import { htmlPage } from './page/html-page.js';
import { plainChart } from './page/plain-chart.js';
import { pack, packEvictions } from './retention/pack.js';
import { retentionBody } from './retention/retention-body.js';
import { retentionCharts } from './retention/retention-charts.js';
import type { RetentionPageData } from './retention/retention-page-data.js';
import style from './style.css?bundle';

/** Options of a retention page. */
export interface RetentionPageOptions {
  /** @defaultValue 'What `policy` kept' */
  readonly title?: string;
  /**
   * Pictures of parts of the record, such as the frames of a video. They become a film strip that shows how much of
   * each is still held. Each has the number of its part and the bytes of a JPEG.
   * @defaultValue none
   */
  readonly pictures?: readonly RetentionPicture[];
}

/** A picture of one part of a record. */
export interface RetentionPicture {
  /** Number of the part, from 0. */
  readonly part: number;
  /** Keep it small: all pictures are stored in the page. */
  readonly jpeg: Uint8Array;
}

/**
 * Draws a retention record as one HTML page: the text with each token shaded by how many heads still hold
 * it, a map of layers and heads, a slider over the updates, kept tokens and bytes over time, and scores
 * under the pointer where the record has them; a film strip where there are pictures. A single file that works offline, in light and dark, on any
 * width. Token texts are text; markup in them is shown, never run.
 *
 * @returns the page's HTML
 * @throws {InvalidArgumentError} for a record that contradicts itself, or has no update
 *
 * @example
 * ```ts
 * await writeFileAtomic('run.html', retentionPage(await readRetentionRecord('run.safetensors')));
 * ```
 */
export function retentionPage(record: RetentionRecord, options: RetentionPageOptions = {}): string {
  checkNames('retentionPage', options, ['title', 'pictures']);
  checkRetentionRecord(record);
  if ((record.seen.at(-1) ?? 0) === 0) throw new InvalidArgumentError('record', 'holds no token');
  const pictures = checkPictures(record, options.pictures ?? []);
  const title = options.title ?? `What ${record.policy} kept`;
  const charts = retentionCharts(record);
  return htmlPage({
    title,
    body: retentionBody(record, title, charts, pictures.length > 0),
    style,
    script,
    data: pageData(record, charts.map(plainChart), pictures),
    hasPictures: pictures.length > 0,
  });
}

function checkPictures(
  { parts = [] }: RetentionRecord,
  pictures: readonly RetentionPicture[],
): RetentionPageData['pictures'] {
  return pictures.map(({ part, jpeg }, i) => {
    if (!Number.isInteger(part) || part < 0 || part >= parts.length) {
      const problem = `belongs to part ${part}, but the record has ${parts.length}`;
      throw new InvalidArgumentError(`pictures[${i}]`, problem);
    }
    if (!(jpeg instanceof Uint8Array) || jpeg[0] !== 0xff || jpeg[1] !== 0xd8) {
      throw new InvalidArgumentError(`pictures[${i}]`, 'is not a JPEG');
    }
    return { part, jpeg: Buffer.from(jpeg).toString('base64') };
  });
}

function pageData(
  record: RetentionRecord,
  charts: RetentionPageData['charts'],
  pictures: RetentionPageData['pictures'],
): RetentionPageData {
  const { headsPerLayer, seen, evictedAt, scores, ids, pieces, parts } = record;
  const names = () =>
    Array.from({ length: seen.at(-1)! }, (_, token) => String(ids?.[token] ?? token));
  return {
    charts,
    pictures,
    headsPerLayer,
    seen: Array.from(seen),
    evictedAt: packEvictions(evictedAt, seen.length),
    scores: scores.map(({ update, values }) => ({ update, packed: pack(values) })),
    pieces: pieces ?? names(),
    isText: pieces !== undefined,
    ids: ids === undefined ? null : Array.from(ids),
    parts: parts ?? [{ name: '', tokens: seen.at(-1)! }],
  };
}
