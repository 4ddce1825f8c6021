import { checkNames, InvalidArgumentError, type RetentionRecord } from '@namm/core';
import { completeText, type Decoder, type Tokenizer } from '@namm/decoder';
import type { CacheMemory, KVCache } from '@namm/kv-cache';
import type { EmbeddingRows } from './embedding-rows.js';
import { FrameError, FrameSourceError } from './errors.js';
import { type FrameSpan, FrameSpans } from './frame-spans.js';
import type { ImageProcessor } from './images/image-processor.js';
import { thumbnail } from './images/thumbnail.js';
import { joined } from './joined.js';
import type { EncodedFrame } from './model/encoded-frame.js';
import { FrameEncoder } from './model/frame-encoder.js';
import type { VisionEncoder } from './model/vision-encoder.js';
import type { Shown, ShownVideo } from './prompt/prompt-layout.js';
import type { PromptWriter } from './prompt/prompt-writer.js';
import { checkFrame, type Frame } from './sources/frame.js';
import { openFrames, type VideoInput } from './sources/open-frames.js';
import type { Sampling } from './sources/sample-frames.js';
import {
  type AnswerOptions,
  answerNames,
  checkSourceOptions,
  type SourceOptions,
  type ViewingOptions,
} from './viewing-options.js';

/** The parts of a loaded model that a viewing uses. */
export interface ViewingParts {
  readonly decoder: Decoder;
  readonly tokenizer: Tokenizer;
  readonly encoder: VisionEncoder;
  readonly processor: ImageProcessor;
  readonly writer: PromptWriter;
  readonly embeddings: EmbeddingRows;
  /** Which frames the model wants to see. */
  readonly sampling: Sampling;
}

/** What a viewing still holds. */
export interface ViewingMemory extends CacheMemory {
  /** Frames seen. */
  readonly frames: number;
  /** Frames that shared the rows of the one before; see {@link ViewingOptions.reuseBelow}. */
  readonly reused: number;
  /** Frames that could not be read, or only partly. */
  readonly problems: number;
}

/**
 * What a model has seen so far, in a cache with an eviction policy. Frames are added one by one; questions are answered
 * from a fork, so that they leave no trace.
 *
 * @example
 * ```ts
 * const policy = sinkRecent({ budget: 1024 });
 * const viewing = model.begin({ policy, positions: 'compact' });
 * for await (const { timestamp } of viewing.watch('camera.mp4')) {
 *   if (timestamp > 600) break;
 * }
 * for await (const piece of viewing.ask('Has anyone come in?')) process.stdout.write(piece);
 * await viewing.release();
 * ```
 */
export class Viewing {
  readonly #parts: ViewingParts;
  readonly #cache: KVCache;
  readonly #encoder: FrameEncoder;
  readonly #shown: Shown;
  readonly #spans: FrameSpans;
  /** Ids of all tokens, where they are recorded. */
  readonly #ids: number[] | null;
  /** Of all frames, where they are recorded. */
  readonly #pictures: Uint8Array[] = [];
  #introduction: string;
  /** Text behind the last frame that has not been read yet. */
  #pending = '';
  #problems = 0;
  /** Why a frame was read only in part. */
  #failure: unknown = null;
  /** What uses the cache now: frames and forks come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  /** Made by `VideoModel.begin`. */
  constructor(
    parts: ViewingParts,
    cache: KVCache,
    { reuseBelow = 0, shown = 'video', recorder }: ViewingOptions,
    video: ShownVideo | null,
  ) {
    this.#parts = parts;
    this.#cache = cache;
    this.#encoder = new FrameEncoder(parts.encoder, reuseBelow);
    this.#shown = shown;
    this.#spans = new FrameSpans(recorder !== undefined);
    this.#ids = recorder ? [] : null;
    this.#introduction = parts.writer.introduction(shown, video);
  }

  /** Frames of which any head still holds a row, in order; all frames if there is a recorder. */
  get frames(): readonly FrameSpan[] {
    return this.#spans.all;
  }

  /**
   * Shows one frame.
   *
   * @returns where its tokens are in the sequence
   * @throws {FrameError} when it is not a frame; nothing has changed
   * @throws {PositionLimitError} when the model's positions are used up. With compact positions, part of the frame may
   *   then be in the cache, and the viewing accepts no more frames
   */
  async show(frame: Frame | EncodedFrame): Promise<FrameSpan> {
    return (await this.showAll([frame]))[0]!;
  }

  /**
   * Shows several frames in one step of the model, which is faster if a frame has few tokens. The policy evicts after
   * all are read, or at its own interval.
   *
   * @returns per frame where its tokens are in the sequence
   * @throws as {@link show} does
   */
  showAll(frames: readonly (Frame | EncodedFrame)[]): Promise<FrameSpan[]> {
    return this.#exclusively(async () => {
      this.#checkWhole();
      if (frames.length === 0) return [];
      const seen: EncodedFrame[] = [];
      for (const frame of frames) seen.push(await this.#encoded(frame));
      const { decoder, embeddings } = this.#parts;
      const before = this.#cache.seen;
      const rows: Float32Array[] = [];
      const ids: number[] = [];
      const spans: FrameSpan[] = [];
      let pending = this.#pending;
      const placeholderId = this.#parts.writer.placeholderId(this.#shown);
      for (const frame of seen) {
        const text = this.#parts.writer.around(this.#shown, frame.image, frame.frame.timestamp);
        let first = -1;
        for (const [i, block] of frame.blocks.entries()) {
          const isBegun = before + ids.length > 0;
          const own = this.#idsBefore(i === 0 ? pending : null, text.before[i]!, isBegun);
          rows.push(await embeddings.of(own), block);
          ids.push(...own);
          if (first < 0) first = before + ids.length;
          const count = block.length / decoder.spec.hiddenSize;
          for (let row = 0; row < count; row++) ids.push(placeholderId);
        }
        const { timestamp } = frame.frame;
        spans.push({ timestamp, first, tokens: before + ids.length - first });
        pending = text.after;
      }
      const input = { embeddings: joined(rows) };
      try {
        await decoder.step([{ cache: this.#cache, input, outputs: 'none' }]);
      } catch (cause) {
        // Half a frame cannot be taken back, nor can another one follow it.
        if (this.#cache.seen > before) this.#failure = cause;
        throw cause;
      }
      this.#pending = pending;
      for (const id of ids) this.#ids?.push(id);
      for (const { frame } of seen) if (this.#ids) this.#pictures.push(await thumbnail(frame));
      for (const span of spans) this.#spans.add(span, this.#cache);
      return spans;
    });
  }

  /**
   * Shows the frames of a source one by one; the next is read on demand. You can ask questions meanwhile.
   *
   * @param source where they come from
   * @param options which to show: all, or a number per second; by default as many per second as the model prescribes,
   *   or one
   * @returns after each frame where its tokens are
   * @throws {FrameSourceError} when it cannot be read or holds no frame
   * @throws {InvalidArgumentError} for a bad option, including `uniform` frames, because the end of the video is not
   *   known
   */
  async *watch(source: VideoInput, options: SourceOptions = {}): AsyncGenerator<FrameSpan, void> {
    const { frames, framesPerSecond = 1, signal } = checkSourceOptions('watch', options);
    const opened = await openFrames(source, { framesPerSecond });
    const rate = this.#rateOf(frames ?? this.#parts.sampling, frames !== undefined);
    let count = 0;
    const onProblem = (problem: { readonly message: string }) => {
      this.#problems++;
      options.onProblem?.(problem);
    };
    for await (const frame of opened.read({ ...rate, onProblem, ...(signal && { signal }) })) {
      signal?.throwIfAborted();
      const span = await this.show(frame);
      count++;
      options.onFrame?.(count, null);
      yield span;
    }
    if (count === 0) throw new FrameSourceError(opened.name, 'holds no frame.');
  }

  /**
   * Answers a question about what was seen so far.
   *
   * @param question in the model's language
   * @param options how the answer is written
   * @returns the answer, piece by piece
   * @throws {FrameSourceError} when nothing was seen yet
   * @throws {PlaceholderError} when the question contains the token that stands for what is shown
   * @throws {PositionLimitError} when the model's positions are used up
   */
  async *ask(question: string, options: AnswerOptions = {}): AsyncGenerator<string, void> {
    const { maxNewTokens = 256, ...others } = checkNames('ask', options, answerNames);
    const { decoder, tokenizer, writer } = this.#parts;
    const [, closing] = writer.conversation(this.#shown, question);
    const { fork, ids } = await this.#exclusively(async () => {
      if (this.#spans.count === 0) {
        throw new FrameSourceError('the viewing', 'no frame was shown yet; show one first.');
      }
      this.#checkWhole();
      const text = this.#pending + writer.conclusion(this.#shown) + closing;
      return { fork: this.#cache.fork(), ids: writer.last(this.#shown, text) };
    });
    try {
      yield* completeText(decoder, tokenizer, fork, ids, { ...others, maxNewTokens });
    } finally {
      await fork.release();
    }
  }

  /** What is held, and the memory that takes. */
  memory(): ViewingMemory {
    const { count: frames } = this.#spans;
    return {
      ...this.#cache.memory(),
      ...{ frames, reused: this.#encoder.reused, problems: this.#problems },
    };
  }

  /** For each frame of {@link frames}, the share of its tokens that is still held, over all layers and heads. */
  held(): number[] {
    return this.#spans.held(this.#cache);
  }

  /**
   * What each head held after each frame, for the retention page; only with a recorder.
   *
   * @param notes that stand on the page
   */
  record(notes: Readonly<Record<string, string>> = {}): RetentionRecord | null {
    const { recorder } = this.#cache;
    if (!recorder || !this.#ids) return null;
    const { tokenizer, writer } = this.#parts;
    const stream = tokenizer.stream({ skipSpecialTokens: false });
    const pieces = this.#ids.map((id) => (writer.isPlaceholder(id) ? '▪' : stream.push(id)));
    return recorder.record({
      ids: Uint32Array.from(this.#ids),
      pieces,
      parts: this.#spans.parts(this.#ids.length),
      notes,
    });
  }

  /**
   * Small pictures of the frames, for the film strip of the retention page; only with a recorder.
   *
   * @returns JPEGs, each with the number of its part in {@link record}
   */
  pictures(): { readonly part: number; readonly jpeg: Uint8Array }[] {
    const parts = this.#spans.partNumbers();
    return this.#pictures.map((jpeg, i) => ({ part: parts[i]!, jpeg }));
  }

  /** Frees what is held; the model stays loaded. */
  async release(): Promise<void> {
    await this.#exclusively(() => this.#cache.release());
  }

  #checkWhole(): void {
    if (this.#failure === null) return;
    const problem = 'A frame of this viewing was read only in part; begin another one';
    throw new FrameError(`${problem}.`, { cause: this.#failure });
  }

  async #encoded(frame: Frame | EncodedFrame): Promise<EncodedFrame> {
    if ('blocks' in frame) {
      const { model } = this.#parts.decoder.cacheShape;
      if (frame.model === model && frame.shown === this.#shown) return frame;
      const problem = 'The frame was encoded by another model, or to be shown otherwise';
      throw new FrameError(`${problem}; encode it for this viewing.`);
    }
    const { processor, decoder } = this.#parts;
    checkFrame(frame);
    const image = this.#shown === 'video' ? processor.frame(frame) : processor.image(frame);
    const blocks = await this.#encoder.encode(image);
    return { frame, image, blocks, shown: this.#shown, model: decoder.cacheShape.model };
  }

  /** @param pending text behind the frame before; null within a frame */
  #idsBefore(pending: string | null, text: string, isBegun: boolean): number[] {
    const { writer } = this.#parts;
    const shown = this.#shown;
    if (pending === null) return writer.between(shown, text);
    if (isBegun) return writer.between(shown, pending + writer.gap(shown) + text);
    const [opening] = writer.conversation(shown, '');
    return writer.first(shown, opening + this.#introduction + text);
  }

  /** How often frames of a video that goes on are shown. */
  #rateOf(sampling: Sampling, isWanted: boolean): { readonly atMostPerSecond?: number } {
    if (sampling.kind === 'all') return {};
    if (sampling.kind === 'rate') return { atMostPerSecond: sampling.perSecond };
    if (!isWanted) return { atMostPerSecond: 1 };
    const problem = "'uniform' needs the length of the video; watch takes 'rate' and 'all'";
    throw new InvalidArgumentError('frames.kind', problem);
  }

  #exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }
}
