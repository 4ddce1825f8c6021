import { basename } from 'node:path';
import { VideoModel, type Viewing } from '@namm/cache-video';
import { openModel, type StatusLine, writeRetention } from '@namm/cli';
import type { EvictionPolicy } from '@namm/kv-cache';

/** What the jobs that look at a video have in common. */
export interface LookOptions {
  /** A folder, or a model of the hub. */
  readonly model: string;
  readonly policy: EvictionPolicy;
  /** Frames shown per second; as the model prescribes if left out. */
  readonly rate?: number | undefined;
  /** How fast the images of a folder follow one another. */
  readonly framesPerSecond: number;
  /** Frames that differ less from the one before share its features. */
  readonly reuseBelow: number;
  /** Of an answer, at most. */
  readonly maxTokens: number;
  /** Tokens read at once. */
  readonly chunk: number;
  readonly threads?: number | undefined;
  /** Of sampling. */
  readonly seed: number;
  /** File for what each head kept. */
  readonly retention?: string | undefined;
  /** Where it is said how things go. */
  readonly status: Pick<StatusLine, 'show' | 'finish' | 'clear'>;
  /** Takes the text of answers, piece by piece. */
  readonly write: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Loads the model, fetched from the hub where it has to be. */
export async function loadForLooking(options: LookOptions): Promise<VideoModel> {
  const { model, policy, chunk, threads, status, signal } = options;
  const folder = await openModel(model, signal);
  status.show(`loading ${model}`);
  const own = { chunkSize: chunk, ...(threads && { threads }) };
  return VideoModel.load(folder, { probe: policy.probe, ...own }).finally(() => status.clear());
}

/** Writes what each head kept where that is asked for, and says where. */
export async function recordLook(
  viewing: Viewing,
  source: string,
  { retention, model, status }: LookOptions,
): Promise<void> {
  if (retention === undefined || viewing.memory().frames === 0) return;
  const notes = { source: basename(source), model: basename(model) };
  await writeRetention(retention, viewing.record(notes)!, viewing.pictures());
  status.finish(`what each head kept is in ${retention}`);
}
