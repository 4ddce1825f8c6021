import type { EvictionPolicy } from '@namm/kv-cache';
import { readCheckpoint } from './checkpoint/read-checkpoint.js';
import { type NammOptions, namm } from './namm.js';

/** Options of {@link loadNamm}. */
export interface LoadNammOptions extends NammOptions {
  /** Path of the checkpoint's safetensors file. */
  readonly checkpoint: string;
}

/**
 * {@link namm} from a file. All options are plain data, so that they can be sent to a worker thread.
 *
 * @throws {FileFormatError} when the file is not a checkpoint, or damaged
 * @throws {InvalidArgumentError} for an option out of range
 * @example
 * ```ts
 * const options = { checkpoint: '/models/namm.safetensors', budget: '50%' };
 * const policy = await loadNamm(options);
 * const module = import.meta.resolve('@namm/namm');
 * const inWorker = await DecoderWorker.load(folder, { probe: { module, export: 'loadNamm', options } });
 * ```
 */
export async function loadNamm({
  checkpoint,
  ...options
}: LoadNammOptions): Promise<EvictionPolicy> {
  return namm(await readCheckpoint(checkpoint), options);
}
