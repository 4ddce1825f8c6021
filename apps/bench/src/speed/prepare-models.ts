import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors } from '@namm/core';
import { GraphBuilder } from '@namm/onnx';
import { modelConfig } from './model-config.js';
import { modelWeights } from './model-weights.js';
import { peerGraph } from './peer-graph.js';
import { PeerWeights } from './peer-weights.js';

/** One model in two forms. */
export interface PreparedModels {
  /** Hugging Face folder for our decoder. */
  readonly ours: string;
  /** Folder with the same weights in `onnx/`, for transformers.js. */
  readonly peer: string;
}

/**
 * Writes random weights in SmolLM2-135M's shape into a folder, for us and for transformers.js. Models of
 * the same size and seed that are there already are used again.
 */
export async function prepareModels(
  folder: string,
  layers: number,
  seed: number,
): Promise<PreparedModels> {
  const models = { ours: join(folder, 'ours'), peer: join(folder, 'transformers-js') };
  const stamp = join(folder, 'models.json');
  const contents = JSON.stringify({ format: 1, layers, seed });
  if ((await readFile(stamp, 'utf8').catch(() => null)) === contents) return models;

  const config = modelConfig(layers);
  const weights = modelWeights(config, seed);
  const onnx = join(models.peer, 'onnx');
  await mkdir(models.ours, { recursive: true });
  await mkdir(onnx, { recursive: true });
  await writeFile(stamp, ''); // until all is written
  await writeFile(join(models.ours, 'config.json'), JSON.stringify(config, null, 2));
  await writeSafetensors(join(models.ours, 'model.safetensors'), weights, { format: 'pt' });

  const data = 'model.onnx_data';
  const graph = new GraphBuilder('transformers.js');
  const peerWeights = new PeerWeights(graph, weights, join(onnx, data), data);
  peerGraph(graph, peerWeights, config);
  peerWeights.close();
  await writeFile(join(onnx, 'model.onnx'), graph.encode());
  const external = { use_external_data_format: { 'model.onnx': 1 } };
  const peerConfig = { ...config, 'transformers.js_config': external };
  await writeFile(join(models.peer, 'config.json'), JSON.stringify(peerConfig, null, 2));
  await writeFile(stamp, contents);
  return models;
}
