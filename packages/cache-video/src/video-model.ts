import { availableParallelism } from 'node:os';
import { checkNames, checkSignal } from '@namm/core';
import {
  Decoder,
  type DecoderOptions,
  loadTokenizer,
  ortNode,
  type Tokenizer,
} from '@namm/decoder';
import { type HubEvent, resolveModel } from '@namm/hub';
import type { Probe } from '@namm/kv-cache';
import { EmbeddingRows } from './embedding-rows.js';
import { PlaceholderError } from './errors.js';
import { joined } from './joined.js';
import type { EncodedFrame } from './model/encoded-frame.js';
import { FrameEncoder } from './model/frame-encoder.js';
import { openVideoFolder, type VideoFolder } from './model/open-video-folder.js';
import { VisionEncoder } from './model/vision-encoder.js';
import type { Shown, ShownVideo } from './prompt/prompt-layout.js';
import { PromptWriter } from './prompt/prompt-writer.js';
import { checkFrame, type Frame } from './sources/frame.js';
import type { FrameSource, ReadFramesOptions, VideoFacts } from './sources/frame-source.js';
import { openFrames, type VideoInput } from './sources/open-frames.js';
import { type Sampling, sampleFrames } from './sources/sample-frames.js';
import { Viewing, type ViewingParts } from './viewing.js';
import {
  type AnswerOptions,
  answerNames,
  checkSourceOptions,
  checkViewingOptions,
  pick,
  type SourceOptions,
  sourceNames,
  type ViewingOptions,
  viewingNames,
} from './viewing-options.js';

/** Options of {@link VideoModel.load}. */
export interface VideoModelOptions extends DecoderOptions {
  /** Aborts a download with the signal's reason; what was fetched is kept. */
  readonly signal?: AbortSignal;
  /** Called with download events. */
  readonly onEvent?: (event: HubEvent) => void;
}

const decoderNames = [
  ...(['probe', 'chunkSize', 'cacheDtype', 'ropeScaling'] as const),
  ...(['maximumPositions', 'threads', 'runtime', 'preparedWeights'] as const),
] satisfies readonly (keyof DecoderOptions)[];

/** Options of {@link VideoModel.view}. */
export type ViewOptions = Omit<ViewingOptions, 'shown'> & SourceOptions;

/** Options of {@link VideoModel.ask}. */
export type AskVideoOptions = ViewOptions & AnswerOptions;

/**
 * A model that answers questions about videos and images, from a Hugging Face folder: LLaVA-NeXT-Video, SmolVLM2,
 * Idefics3. It holds the weights; what it has seen is in a {@link Viewing}.
 *
 * @example
 * ```ts
 * const policy = h2o({ budget: '25%' });
 * const model = await VideoModel.load('HuggingFaceTB/SmolVLM2-256M-Video-Instruct', { probe: policy.probe });
 * for await (const piece of model.ask('holiday.mp4', 'What happens?', { policy })) process.stdout.write(piece);
 * await model.release();
 * ```
 */
export class VideoModel {
  readonly #folder: VideoFolder;
  readonly #parts: ViewingParts;

  private constructor(folder: VideoFolder, parts: ViewingParts) {
    this.#folder = folder;
    this.#parts = parts;
  }

  /**
   * Loads a model.
   *
   * @param model a folder with `config.json`, safetensors weights, tokenizer and processor files, or a model of the hub
   * @param options how to run it; the probe must be that of the policies you will use
   * @throws {ModelFolderError | FileFormatError | TokenizerError} when a file is missing, damaged or not supported, or
   *   it is not a video model
   * @throws {InvalidArgumentError} for a bad option
   * @throws what {@link resolveModel} throws
   */
  static async load(model: string, options: VideoModelOptions = {}): Promise<VideoModel> {
    checkNames('VideoModel.load', options, [...decoderNames, 'signal', 'onEvent']);
    const path = await resolveModel(model, pick(options, ['signal', 'onEvent']));
    const folder = await openVideoFolder(path);
    const tokenizer = await loadTokenizer(path);
    const writer = new PromptWriter(tokenizer, folder.layout);
    const embeddings = new EmbeddingRows(folder.source);
    const decoder = await Decoder.load(folder.source, pick(options, decoderNames));
    try {
      const { runtime = ortNode, threads } = options;
      const cores = availableParallelism();
      const count = Math.min(threads ?? cores, cores);
      const encoder = await VisionEncoder.load(folder.source, folder.vision, runtime, count);
      const { processor, sampling } = folder;
      const parts = { decoder, tokenizer, encoder, processor, writer, embeddings, sampling };
      return new VideoModel(folder, parts);
    } catch (cause) {
      await decoder.release();
      throw cause;
    }
  }

  /** The language model. */
  get decoder(): Decoder {
    return this.#parts.decoder;
  }

  get tokenizer(): Tokenizer {
    return this.#parts.tokenizer;
  }

  /** The vision tower with its projector. */
  get encoder(): VisionEncoder {
    return this.#parts.encoder;
  }

  /** What it reports of the attention. */
  get probe(): Probe {
    return this.decoder.probe;
  }

  /** Which frames of a video the model wants to see. */
  get sampling(): Sampling {
    return this.#folder.sampling;
  }

  /** Tokens per frame, without the text around it. */
  get tokensPerFrame(): number {
    return this.#folder.vision.rowsPerTile;
  }

  /**
   * Prepares an image for the vision tower.
   *
   * @param frame the picture
   * @param shown as a frame of a video, or as a still image, which some models read in tiles
   * @returns tiles, each `[3, size, size]`, and their number of rows and columns, not counting the whole image
   * @throws {FrameError} when it is not a frame
   */
  prepare(frame: Frame, shown: Shown = 'video') {
    const { processor } = this.#folder;
    checkFrame(frame);
    return shown === 'video' ? processor.frame(frame) : processor.image(frame);
  }

  /**
   * Encodes a frame once, for viewings with this model under several policies: the vision tower is the most expensive
   * part.
   *
   * @param frame the picture
   * @param shown as for {@link prepare}
   * @returns an object that `show` of a viewing accepts instead of the frame
   * @throws {FrameError} when it is not a frame
   */
  async encode(frame: Frame, shown: Shown = 'video'): Promise<EncodedFrame> {
    const image = this.prepare(frame, shown);
    const blocks = await new FrameEncoder(this.encoder, 0).encode(image);
    return { frame, image, blocks, shown, model: this.decoder.cacheShape.model };
  }

  /**
   * The decoder's input rows for a complete prompt: embeddings of the ids, with rows of the vision tower in place of
   * placeholders.
   *
   * @param ids of the prompt, with a placeholder for each row
   * @param rows of all blocks, in order, each `[rows, hiddenSize]`: see {@link encode}
   * @returns `[ids, hiddenSize]`
   * @throws {PlaceholderError} when the number of placeholders differs from the number of rows
   */
  async promptRows(ids: readonly number[], rows: readonly Float32Array[]): Promise<Float32Array> {
    const { embeddings, writer, decoder } = this.#parts;
    const shown = joined(rows);
    const { hiddenSize } = decoder.spec;
    const places = ids.flatMap((id, i) => (writer.isPlaceholder(id) ? [i] : []));
    const count = shown.length / hiddenSize;
    if (places.length !== count) {
      const problem = `The prompt has places for ${places.length} rows, but what is shown has ${count}`;
      throw new PlaceholderError(
        `${problem}; write one for each row, ${this.tokensPerFrame} for a frame.`,
      );
    }
    const all = await embeddings.of(ids);
    for (const [i, place] of places.entries()) {
      all.set(shown.subarray(i * hiddenSize, (i + 1) * hiddenSize), place * hiddenSize);
    }
    return all;
  }

  /**
   * Starts a viewing of frames that arrive one by one.
   *
   * @param options how to remember what is shown
   * @param video number and duration of the frames, if known: some models put it in the prompt
   * @throws {InvalidArgumentError} for a bad option, or a policy that this model does not support
   * @throws {CacheUseError} when compact positions are requested, but this model does not support them
   */
  begin(options: ViewingOptions = {}, video: ShownVideo | null = null): Viewing {
    checkViewingOptions(options);
    const cache = this.decoder.createCache(pick(options, ['policy', 'positions', 'recorder']));
    return new Viewing(this.#parts, cache, options, video);
  }

  /**
   * Views a whole video, or images, frame by frame.
   *
   * @param input where they come from
   * @param options which frames to show, and how to remember them
   * @returns the viewing, for any number of questions
   * @throws {FrameSourceError | FfmpegMissingError} when it cannot be read or holds no frame
   * @throws {InvalidArgumentError} for a bad option
   */
  async view(input: VideoInput, options: ViewOptions = {}): Promise<Viewing> {
    checkNames('view', options, [
      ...viewingNames.filter((name) => name !== 'shown'),
      ...sourceNames,
    ]);
    const { framesPerSecond = 1, signal, onProblem } = options;
    checkSourceOptions('view', pick(options, sourceNames));
    checkSignal(signal);
    const source = await openFrames(input, { framesPerSecond });
    const facts = await source.facts(signal);
    const reading = readingOf(source, facts, options.frames ?? this.sampling);
    const total = reading.indices?.length ?? facts?.timestamps.length ?? null;
    const remembered = { ...pick(options, ['policy', 'positions', 'recorder', 'reuseBelow']) };
    const video = facts && { frames: total!, duration: facts.duration };
    const viewing = this.begin({ ...remembered, shown: source.kind }, video);
    try {
      const chosen: FrameSource = {
        ...{ name: source.name, kind: source.kind, facts: () => source.facts() },
        read: (others) => source.read({ ...others, ...reading }),
      };
      const watching = viewing.watch(chosen, {
        ...{ frames: { kind: 'all' }, onFrame: (count) => options.onFrame?.(count, total) },
        ...{ ...(signal && { signal }), ...(onProblem && { onProblem }) },
      });
      for await (const _ of watching);
      return viewing;
    } catch (cause) {
      await viewing.release();
      throw cause;
    }
  }

  /**
   * Answers one question about a video or about images.
   *
   * @param input where they come from
   * @param question in the model's language
   * @param options of {@link view} and of {@link Viewing.ask}
   * @returns the answer, piece by piece
   */
  async *ask(
    input: VideoInput,
    question: string,
    options: AskVideoOptions = {},
  ): AsyncGenerator<string, void> {
    const viewNames = [...viewingNames.filter((name) => name !== 'shown'), ...sourceNames];
    checkNames('ask', options, [...viewNames, ...answerNames]);
    const viewing = await this.view(input, pick(options, viewNames as (keyof ViewOptions)[]));
    try {
      yield* viewing.ask(question, pick(options, answerNames));
    } finally {
      await viewing.release();
    }
  }

  /** Frees the weights. Viewings can then no longer show frames or answer. */
  async release(): Promise<void> {
    await this.encoder.release();
    await this.decoder.release();
  }
}

/** What to read of a source: numbers of frames, where they can be known. */
function readingOf(
  { kind }: FrameSource,
  facts: VideoFacts | null,
  sampling: Sampling,
): Pick<ReadFramesOptions, 'indices' | 'atMostPerSecond'> {
  if (kind === 'images' || sampling.kind === 'all') return {};
  if (facts) return { indices: sampleFrames(facts, sampling) };
  return sampling.kind === 'rate' ? { atMostPerSecond: sampling.perSecond } : {};
}
