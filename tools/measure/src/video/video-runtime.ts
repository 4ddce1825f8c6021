import { resolve } from 'node:path';
import { VideoModel } from '@namm/cache-video';
import { full, type KVCache, sinkRecent } from '@namm/kv-cache';

/** What is measured: a loaded model with one conversation. */
export interface VideoRuntime {
  /** The rows of frames, `[3, size, size]` each. */
  encode(frames: readonly Float32Array[]): Promise<Float32Array[]>;
  /**
   * Reads a prompt from its beginning.
   *
   * @param blocks rows of frames, in place of placeholders
   * @param keep tokens per head that stay, or null for all
   * @returns logits of the last token
   */
  read(
    ids: readonly number[],
    blocks: readonly Float32Array[],
    keep: number | null,
  ): Promise<Float32Array>;
  /** Goes on with a token. */
  next(id: number): Promise<Float32Array>;
}

/** The id that stands for a row of a frame. */
export const placeholder = 256;

/** Ours. */
export async function ourVideoRuntime(folder: string, threads: number): Promise<VideoRuntime> {
  const model = await VideoModel.load(folder, { threads });
  let cache: KVCache | null = null;
  const step = async (
    input: { readonly ids: number[] } | { readonly embeddings: Float32Array },
  ) => {
    const [result] = await model.decoder.step([{ cache: cache!, input, outputs: 'last' }]);
    return result!.logits;
  };
  return {
    async encode(frames) {
      const rows: Float32Array[] = [];
      for (const pixels of frames) rows.push(await model.encoder.encode(pixels));
      return rows;
    },
    async read(ids, blocks, keep) {
      await cache?.release();
      const policy = keep === null ? full() : sinkRecent({ budget: keep });
      cache = model.decoder.createCache({ policy });
      return step({ embeddings: await model.promptRows(ids, blocks) });
    },
    next: (id) => step({ ids: [id] }),
  };
}

/** transformers.js: its sessions, called as `generate` calls them. */
export async function peerVideoRuntime(folder: string, threads: number): Promise<VideoRuntime> {
  const { AutoModelForImageTextToText, env, Tensor } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  const model = await AutoModelForImageTextToText.from_pretrained(resolve(folder), {
    dtype: 'fp32',
    device: 'cpu',
    session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
  });
  type Outputs = Record<string, InstanceType<typeof Tensor>>;
  let past: Outputs | null = null;
  let seen = 0;
  const ids64 = (ids: readonly number[]) =>
    new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]);
  const rowsOf = (ids: readonly number[]) => model.encode_text({ input_ids: ids64(ids) });
  const step = async (rows: InstanceType<typeof Tensor>) => {
    seen += rows.dims[1]!;
    const mask = new Tensor('int64', new BigInt64Array(seen).fill(1n), [1, seen]);
    const feeds = { inputs_embeds: rows, attention_mask: mask, past_key_values: past };
    const { logits, ...present } = (await model(feeds)) as Outputs;
    past = Object.fromEntries(
      Object.entries(present).map(([name, value]) => [
        name.replace('present', 'past_key_values'),
        value,
      ]),
    );
    return (logits!.data as Float32Array).slice();
  };
  return {
    async encode(frames) {
      const size = frames[0]!.length;
      const pixels = new Float32Array(frames.length * size);
      for (const [i, frame] of frames.entries()) pixels.set(frame, i * size);
      const edge = Math.sqrt(size / 3);
      const shape = [1, frames.length, 3, edge, edge];
      const { data } = await model.encode_image({
        pixel_values: new Tensor('float32', pixels, shape),
      });
      const rows = data.length / frames.length;
      return frames.map((_, i) => data.slice(i * rows, (i + 1) * rows));
    },
    async read(ids, blocks) {
      past = null;
      seen = 0;
      const rows = await rowsOf(ids);
      const hidden = rows.dims[2]!;
      const shown = blocks.flatMap((block) =>
        Array.from({ length: block.length / hidden }, (_, i) =>
          block.subarray(i * hidden, (i + 1) * hidden),
        ),
      );
      let next = 0;
      for (const [i, id] of ids.entries()) {
        if (id === placeholder) (rows.data as Float32Array).set(shown[next++]!, i * hidden);
      }
      return step(rows);
    },
    next: async (id) => step(await rowsOf([id])),
  };
}
