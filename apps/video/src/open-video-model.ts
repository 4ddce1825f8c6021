import { VideoModel } from '@namm/cache-video';
import { openModel, StatusLine } from '@namm/cli';
import type { EvictionPolicy } from '@namm/kv-cache';
import type { CommonOptions } from './common-options.js';

/** Loads the model that the options name, fetched from the hub where it has to be. */
export async function openVideoModel(
  { model, chunk, threads }: CommonOptions,
  policy: EvictionPolicy,
  signal: AbortSignal,
): Promise<VideoModel> {
  const folder = await openModel(model, signal);
  const status = new StatusLine();
  status.show(`loading ${model}`);
  try {
    const own = { chunkSize: chunk, ...(threads && { threads }) };
    return await VideoModel.load(folder, { probe: policy.probe, ...own });
  } finally {
    status.clear();
  }
}
