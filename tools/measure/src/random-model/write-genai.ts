import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphBuilder } from '@namm/onnx';
import { genaiGraph } from './genai-graph.js';
import { GenaiWeights } from './genai-weights.js';
import type { ModelConfig } from './model-config.js';
import type { Weight } from './model-weights.js';

/**
 * Writes `config.json`, `onnx/model.onnx` and its weights, as transformers.js reads them.
 *
 * @param isRounded whether matrices are held in 4 bits
 */
export async function writeGenai(
  folder: string,
  config: ModelConfig,
  weights: ReadonlyMap<string, Weight>,
  isRounded = false,
): Promise<void> {
  const onnx = join(folder, 'onnx');
  await mkdir(onnx);
  const data = 'model.onnx_data';
  const graph = new GraphBuilder('transformers.js');
  const genaiWeights = new GenaiWeights(graph, weights, join(onnx, data), data, isRounded);
  try {
    genaiGraph(graph, genaiWeights, config);
  } finally {
    genaiWeights.close();
  }
  await writeFile(join(onnx, 'model.onnx'), graph.encode());
  const external = { use_external_data_format: { 'model.onnx': 1 } };
  const all = { ...config, 'transformers.js_config': external };
  await writeFile(join(folder, 'config.json'), JSON.stringify(all, null, 2));
}
