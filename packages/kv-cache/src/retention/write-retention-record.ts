import type { RetentionRecord } from '@namm/core';
import { checkRetentionRecord } from '@namm/core';
import type { TensorData } from '@namm/tensors';
import { writeSealedFile } from '@namm/tensors';

/** The format that the file's metadata name. */
export const retentionFormat = 'namm-retention-1';

/**
 * Writes a record as a `.safetensors` file, atomically. Its tensors, with H heads of all layers, T tokens
 * and U updates: `seen` U32 `[U]`; `bytes` F64 `[4, U]` (allocated, used, positions, policy);
 * `evicted_at` `[H, T]`, U16 where that many updates fit, else U32; `scores.<update>` F16 `[H, seen]`;
 * and where known `ids` U32 `[T]`, `text` U8 (UTF-8) and `text_ends` U32 `[T]`, where each token's piece
 * ends in it. The metadata hold `format`, `model`, `policy`, `heads_per_layer` and `notes` (both JSON),
 * and where known `parts` (JSON).
 *
 * @throws {InvalidArgumentError} when the record contradicts itself
 *
 * @example
 * ```ts
 * await writeRetentionRecord('run.safetensors', recorder.record());
 * ```
 */
export async function writeRetentionRecord(path: string, record: RetentionRecord): Promise<void> {
  checkRetentionRecord(record);
  await writeSealedFile(path, tensorsOf(record), {
    format: retentionFormat,
    model: record.model,
    policy: record.policy,
    heads_per_layer: JSON.stringify(record.headsPerLayer),
    notes: JSON.stringify(record.notes),
    ...(record.parts === undefined ? {} : { parts: JSON.stringify(record.parts) }),
  });
}

function* tensorsOf(record: RetentionRecord): Generator<[string, TensorData]> {
  const { seen, evictedAt, scores, ids, pieces } = record;
  const { allocated, used, positions, policy } = record.bytes;
  const updates = seen.length;
  const tokens = seen.at(-1) ?? 0;
  const heads = record.headsPerLayer.reduce((sum, count) => sum + count, 0);
  const bytes = Float64Array.from([...allocated, ...used, ...positions, ...policy]);
  yield ['seen', { shape: [updates], data: seen }];
  yield ['bytes', { shape: [4, updates], data: bytes }];
  const narrow = updates < 2 ** 16;
  const data = narrow ? Uint16Array.from(evictedAt) : evictedAt;
  yield ['evicted_at', { shape: [heads, tokens], data }];
  for (const { update, values } of scores) {
    const shape = [heads, seen[update]!];
    yield [`scores.${update}`, { shape, data: values, dtype: 'F16' }];
  }
  if (ids !== undefined) yield ['ids', { shape: [tokens], data: ids }];
  if (pieces !== undefined) {
    const text = new TextEncoder().encode(pieces.join(''));
    const ends = new Uint32Array(tokens);
    let end = 0;
    for (const [token, piece] of pieces.entries()) {
      end += Buffer.byteLength(piece);
      ends[token] = end;
    }
    yield ['text', { shape: [text.length], data: text }];
    yield ['text_ends', { shape: [tokens], data: ends }];
  }
}
