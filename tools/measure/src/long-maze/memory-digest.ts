import { createHash } from 'node:crypto';
import type { AgentEpisode } from '@namm/cache-decision-transformer';
import { openSafetensors } from '@namm/tensors';

/** Bytes of the number that counts steps or tokens, first in its tensor. */
const counter = 8;

/**
 * What the future of an episode depends on, but for how long it has lasted: all that its saved file holds except
 * positions, of which only the order counts here, and the counts of steps and tokens.
 *
 * @param path of a file that may be written
 */
export async function memoryDigest(episode: AgentEpisode, path: string): Promise<string> {
  await episode.save(path);
  const file = await openSafetensors(path);
  const data = await file.readData();
  const hash = createHash('sha256');
  for (const [name, { offset, byteLength }] of file.tensors) {
    if (name.endsWith('.positions')) continue;
    const start = offset - file.dataOffset;
    const isCounted = name.endsWith('.counts') || name === 'attached.episode';
    hash.update(`${name} ${byteLength} `);
    hash.update(data.subarray(start + (isCounted ? counter : 0), start + byteLength));
  }
  return hash.digest('hex');
}
