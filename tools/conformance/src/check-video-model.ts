import { symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Frame, VideoModel } from '@namm/cache-video';
import { greedy } from '@namm/decoder';
import { RetentionRecorder } from '@namm/kv-cache';
import type { SafetensorsFile } from '@namm/tensors';
import { largestDifference } from './largest-difference.js';
import { type Check, differing } from './model-checks.js';
import { type Eviction, isFile, type ModelFixture, readJson } from './model-fixture.js';
import { ModelRun } from './model-run.js';
import { recordingPolicy } from './recording-policy.js';

/** `model_type` of the folders that are checked here. */
export const videoModelTypes: readonly string[] = ['llava_next_video', 'smolvlm', 'idefics3'];

/** `fixture.json` of a model for videos. */
interface VideoFacts {
  readonly text: string;
  readonly input_ids: readonly number[];
  readonly greedy_ids: readonly number[];
  readonly decode_tail: number;
  readonly evict: Eviction;
  readonly video?: { readonly text: string; readonly input_ids: readonly number[] };
}

/** Absolute; pixels as multiples of one step of a byte, which resizing may round either way. */
const tolerances = { logits: 1e-4, attention: 1e-5, features: 1e-4, pixelSteps: 2 };

const processorFiles = [
  ...['processor_config.json', 'preprocessor_config.json', 'video_preprocessor_config.json'],
  ...['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja', 'generation_config.json'],
];

/** Links into a prepared folder what a folder of the same weights under other names leaves out. */
export async function withProcessor(prepared: string, folder: string): Promise<string> {
  const { same_as: other } = await readJson(join(folder, 'fixture.json'));
  for (const file of typeof other === 'string' ? processorFiles : []) {
    const from = resolve(folder, '..', other as string, file);
    if (await isFile(from)) await symlink(from, join(prepared, file));
  }
  return prepared;
}

/** Compares everything that a fixture holds of a model for videos with what the packages compute. */
export async function* checkVideoModel(
  folder: string,
  { facts: all, expected }: ModelFixture,
): AsyncIterable<Check> {
  const facts = all as unknown as VideoFacts;
  const { probe } = recordingPolicy(() => {});
  const model = await VideoModel.load(folder, { probe });
  try {
    const isVideo = expected.tensors.has('in.raw_frames_u8');
    const shown = isVideo ? 'video' : 'images';
    const frames = await readFrames(expected, isVideo ? 'in.raw_frames_u8' : 'in.raw_image_u8');
    const pixels = isVideo ? 'in.pixel_values_videos' : 'in.pixel_values';
    const tiles = await tilesOf(expected, pixels);
    yield await checkPixels('pixels', model, frames, shown, tiles);
    const rows = await encodeAll(model, tiles);
    yield await checkFeatures('vision.features', rows, expected);
    if (expected.tensors.has('masked.features')) yield await checkMasked(model, expected);
    yield await checkPrompt('prompt ids', model, frames, shown, facts.text, facts.input_ids);
    yield* checkDecoder(model, facts, expected, await model.promptRows(facts.input_ids, rows));
    if (facts.video) yield* checkVideo(model, facts.video, expected);
  } finally {
    await model.release();
  }
}

async function* checkDecoder(
  model: VideoModel,
  facts: VideoFacts,
  expected: SafetensorsFile,
  rows: Float32Array,
): AsyncIterable<Check> {
  const { decoder } = model;
  const { layers, hiddenSize, vocabularySize } = decoder.spec;
  const compare = async (
    name: string,
    actual: ArrayLike<number>,
    tolerance = tolerances.logits,
  ): Promise<Check> => {
    const error = largestDifference(actual, await expected.readFloat32(name));
    return { name, error, tolerance };
  };
  const { input_ids: ids } = facts;
  yield await compare('hidden.0', rows, tolerances.features);
  const run = new ModelRun(decoder, true);
  const whole = await run.feedRows(rows);
  yield await compare('logits', whole.logits);
  yield await compare(`hidden.${layers.length}`, whole.hidden);
  for (const layer of layers.keys()) {
    yield await compare(
      `attn.${layer}`,
      run.denseAttention(layer, ids.length),
      tolerances.attention,
    );
    yield await compare(`k.${layer}`, run.rows(layer, 'keys'));
    yield await compare(`v.${layer}`, run.rows(layer, 'values'));
  }

  const single = new ModelRun(decoder, true);
  const prefix = ids.length - facts.decode_tail;
  const before = await single.feedRows(rows.subarray(0, prefix * hiddenSize));
  const after = await single.feedSingly(ids.slice(prefix));
  yield await compare('decode_logits', [...before.logits, ...after]);

  for (const mode of ['chunk', 'step'] as const) {
    const evicted = new ModelRun(decoder, true);
    const feed = async (new_ids: readonly number[]) =>
      mode === 'chunk' ? (await evicted.feed(new_ids)).logits : evicted.feedSingly(new_ids);
    await evicted.feedRows(rows);
    evicted.keepPositions(facts.evict.keep);
    yield await compare(`evict.${mode}_logits`, await feed(facts.evict.new_ids));
    if (mode === 'chunk') {
      for (const layer of layers.keys()) {
        const attention = evicted.denseAttention(layer, facts.evict.new_ids.length);
        yield await compare(`evict.attn.${layer}`, attention, tolerances.attention);
      }
    }
    evicted.keepPositions(facts.evict.second!.keep);
    yield await compare(`evict.second.${mode}_logits`, await feed(facts.evict.second!.new_ids));
  }

  const cache = decoder.createCache();
  const [{ logits } = { logits: new Float32Array(0) }] = await decoder.step([
    { cache, input: { embeddings: rows } },
  ]);
  const written = [logits.subarray(0, vocabularySize!).indexOf(Math.max(...logits))];
  for await (const id of greedy(decoder, cache, [written[0]!])) {
    if (written.push(id) === facts.greedy_ids.length) break;
  }
  yield { name: 'greedy_ids', error: differing(written, facts.greedy_ids), tolerance: 0 };
}

/** A video to a model whose main fixture is an image. */
async function* checkVideo(
  model: VideoModel,
  facts: NonNullable<VideoFacts['video']>,
  expected: SafetensorsFile,
): AsyncIterable<Check> {
  const frames = await readFrames(expected, 'video.in.raw_frames_u8');
  const tiles = await tilesOf(expected, 'video.in.pixel_values');
  yield await checkPixels('video pixels', model, frames, 'video', tiles);
  const rows = await encodeAll(model, tiles);
  yield await checkFeatures('video.features', rows, expected);
  yield await checkPrompt('video prompt ids', model, frames, 'video', facts.text, facts.input_ids);
  const run = new ModelRun(model.decoder, true);
  const { logits } = await run.feedRows(await model.promptRows(facts.input_ids, rows));
  const error = largestDifference(logits, await expected.readFloat32('video.logits'));
  yield { name: 'video.logits', error, tolerance: tolerances.logits };
}

/** From raw frames to what the tower reads. */
async function checkPixels(
  name: string,
  model: VideoModel,
  frames: readonly Frame[],
  shown: 'video' | 'images',
  tiles: readonly Float32Array[],
): Promise<Check> {
  const own = frames.flatMap((frame) => model.prepare(frame, shown).tiles);
  const [numbers, wanted] = [own, tiles].map((each) => each.flatMap((tile) => [...tile]));
  const error = largestDifference(numbers!, wanted!);
  // One step of a byte, in the units of the channel that has the smallest deviation.
  const step = 1 / 255 / smallestDeviation(model);
  return { name, error, tolerance: tolerances.pixelSteps * step };
}

/** The tower that CLIP is reads numbers that are divided by less than those of SigLIP. */
const smallestDeviation = ({ encoder }: VideoModel) =>
  encoder.spec.tower.classToken ? 0.261 : 0.5;

async function checkFeatures(
  name: string,
  rows: readonly Float32Array[],
  expected: SafetensorsFile,
): Promise<Check> {
  const own = rows.flatMap((each) => [...each]);
  const error = largestDifference(own, await expected.readFloat32(name));
  return { name, error, tolerance: tolerances.features };
}

/** A tile of which some patches are padding. */
async function checkMasked(model: VideoModel, expected: SafetensorsFile): Promise<Check> {
  const [pixels] = await tilesOf(expected, 'masked.pixel_values');
  const mask = await expected.readNumbers('masked.pixel_attention_mask');
  const { imageSize, patchSize } = model.encoder.spec.tower;
  const edge = imageSize / patchSize;
  const isPadding = Array.from({ length: edge * edge }, (_, patch) => {
    const [top, left] = [Math.floor(patch / edge) * patchSize, (patch % edge) * patchSize];
    const rows = Array.from({ length: patchSize }, (_, y) => (top + y) * imageSize + left);
    return rows.every((start) =>
      mask.slice(start, start + patchSize).every((value) => value === 0),
    );
  });
  const own = await model.encoder.encode(pixels!, { isPadding });
  const error = largestDifference(own, await expected.readFloat32('masked.features'));
  return { name: 'masked.features', error, tolerance: tolerances.features };
}

/** Frame by frame, and then the question: the ids of the whole prompt. */
async function checkPrompt(
  name: string,
  model: VideoModel,
  frames: readonly Frame[],
  shown: 'video' | 'images',
  text: string,
  ids: readonly number[],
): Promise<Check> {
  const mark = shown === 'video' ? '<video>' : '<image>';
  // What the conversation puts around the question ends it.
  const question = text.slice(text.indexOf(mark) + mark.length).replace(/^\n/, '');
  const bare = question.replace(/ ASSISTANT:$|<end_of_utterance>\nAssistant:$/, '');
  const video = { frames: frames.length, duration: frames.length };
  const viewing = model.begin({ recorder: new RetentionRecorder(), shown }, video);
  for (const frame of frames) await viewing.show(frame);
  const asked: number[] = [];
  const onToken = (id: number) => asked.push(id);
  const answer = viewing.ask(bare, { maxNewTokens: 1, onToken });
  while (!(await answer.next()).done);
  const own = [...viewing.record()!.ids!, ...asked];
  await viewing.release();
  return { name, error: differing(own.slice(0, ids.length), ids), tolerance: 0 };
}

async function encodeAll(model: VideoModel, tiles: readonly Float32Array[]) {
  const rows: Float32Array[] = [];
  for (const tile of tiles) rows.push(await model.encoder.encode(tile));
  return rows;
}

/** Raw frames `[frames, height, width, 3]`, a second apart, or one image. */
async function readFrames(expected: SafetensorsFile, name: string): Promise<Frame[]> {
  const { shape } = expected.tensors.get(name)!;
  const [height, width] = shape.slice(-3, -1) as [number, number];
  const bytes = await expected.readBytes(name);
  const size = height * width * 3;
  return Array.from({ length: bytes.length / size }, (_, timestamp) => {
    const rgb = bytes.slice(timestamp * size, (timestamp + 1) * size);
    return { timestamp, width, height, rgb };
  });
}

/** Pixels `[1, tiles, 3, size, size]`, tile by tile. */
async function tilesOf(expected: SafetensorsFile, name: string): Promise<Float32Array[]> {
  const { shape } = expected.tensors.get(name)!;
  const pixels = await expected.readFloat32(name);
  const size = pixels.length / shape[1]!;
  return Array.from({ length: shape[1]! }, (_, i) => pixels.slice(i * size, (i + 1) * size));
}
