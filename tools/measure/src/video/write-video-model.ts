import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphBuilder } from '@namm/onnx';
import { writeSafetensors } from '@namm/tensors';
import { genaiGraph } from '../random-model/genai-graph.js';
import { GenaiWeights } from '../random-model/genai-weights.js';
import type { Weight } from '../random-model/model-weights.js';
import { peerVisionGraph } from './peer-vision-graph.js';
import { type VideoSizes, videoConfig } from './video-config.js';
import { videoWeights } from './video-weights.js';

/**
 * Writes the measured model: a Hugging Face folder of random weights, and in `onnx/` the three graphs that transformers.js
 * runs of the same weights.
 */
export async function writeVideoModel(folder: string, sizes: VideoSizes, seed: number) {
  const config = videoConfig(sizes);
  const weights = videoWeights(config, seed);
  await writeSafetensors(join(folder, 'model.safetensors'), weights, { format: 'pt' });
  const json = (name: string, value: unknown) =>
    writeFile(join(folder, name), JSON.stringify(value, null, 2));
  const tile = { longest_edge: config.vision_config.image_size };
  await json('processor_config.json', {
    image_processor: { size: { longest_edge: 4 * tile.longest_edge }, max_image_size: tile },
    video_processor: {
      max_image_size: tile,
      video_sampling: { fps: 1, max_frames: 64, video_size: tile },
    },
  });
  await json('tokenizer.json', tokenizer);
  await json('tokenizer_config.json', { eos_token: '<end>', pad_token: '<end>' });
  await json('generation_config.json', { eos_token_id: 258 });

  await mkdir(join(folder, 'onnx'));
  const write = async (name: string, build: (graph: GraphBuilder, file: GenaiWeights) => void) => {
    const data = `${name}.onnx_data`;
    const graph = new GraphBuilder(name);
    const file = new GenaiWeights(graph, named, join(folder, 'onnx', data), data);
    try {
      build(graph, file);
    } finally {
      file.close();
    }
    await writeFile(join(folder, 'onnx', `${name}.onnx`), graph.encode());
  };
  const named = new Map<string, Weight>(
    [...weights].map(([name, weight]) => [name.replace('text_model.', ''), weight]),
  );
  const text = config.text_config;
  await write('vision_encoder', (graph, file) => peerVisionGraph(graph, file, named, config));
  await write('embed_tokens', (graph, file) => {
    const ids = graph.input('input_ids', 'int64', ['batch', 'tokens']);
    const rows = graph.node('Gather', [file.asStored('model.embed_tokens'), ids]);
    graph.output('inputs_embeds', rows, 'float32', ['batch', 'tokens', text.hidden_size]);
  });
  await write('decoder_model_merged', (graph, file) => genaiGraph(graph, file, text, 'rows'));
  const names = ['vision_encoder', 'embed_tokens', 'decoder_model_merged'];
  const external = Object.fromEntries(names.map((name) => [`${name}.onnx`, 1]));
  await json('config.json', {
    ...config,
    'transformers.js_config': { use_external_data_format: external },
  });
}

/** A token per byte, and those that stand for what is shown. */
const tokenizer = (() => {
  const vocab: Record<string, number> = {};
  for (let byte = 0, moved = 0; byte < 256; byte++) {
    const isPrintable =
      (byte > 32 && byte < 127) || (byte > 160 && byte < 173) || (byte > 173 && byte < 256);
    vocab[String.fromCodePoint(isPrintable ? byte : 256 + moved++)] = byte;
  }
  const added = ['<image>', '<video>', '<end>'].map((content, i) => ({
    ...{ id: 256 + i, content, special: true, normalized: false },
    ...{ single_word: false, lstrip: false, rstrip: false },
  }));
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    ...{ version: '1.0', added_tokens: added, normalizer: null, post_processor: null },
    ...{ pre_tokenizer: bytes, decoder: bytes },
    model: { type: 'BPE', vocab, merges: [], unk_token: null },
  };
})();
