import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSafetensors, writeSafetensors } from '@namm/tensors';
import { folder } from './helpers.js';

/** The files of the model with its weights in two shards and an index. */
export async function shardedFiles(): Promise<Map<string, Uint8Array>> {
  const source = await openSafetensors(join(folder, 'model.safetensors'));
  const names = [...source.tensors.keys()].sort();
  const target = await mkdtemp(join(tmpdir(), 'namm-shards-'));
  const files = new Map<string, Uint8Array>();
  const weight_map: Record<string, string> = {};
  try {
    for (const [i, half] of [names.slice(0, 12), names.slice(12)].entries()) {
      const file = `model-0000${i + 1}-of-00002.safetensors`;
      const tensors = await Promise.all(
        half.map(async (name) => {
          const { shape } = source.tensors.get(name)!;
          return [name, { shape, data: await source.readFloat32(name) }] as const;
        }),
      );
      for (const name of half) weight_map[name] = file;
      await writeSafetensors(join(target, file), tensors);
      files.set(file, await readFile(join(target, file)));
    }
  } finally {
    await rm(target, { recursive: true });
  }
  files.set('model.safetensors.index.json', Buffer.from(JSON.stringify({ weight_map })));
  return files;
}
