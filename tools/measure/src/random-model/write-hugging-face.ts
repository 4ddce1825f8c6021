import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors } from '@namm/tensors';
import type { ModelConfig } from './model-config.js';
import type { Weight } from './model-weights.js';

/** Writes `config.json` and `model.safetensors`. */
export async function writeHuggingFace(
  folder: string,
  config: ModelConfig,
  weights: ReadonlyMap<string, Weight>,
): Promise<void> {
  await writeFile(join(folder, 'config.json'), JSON.stringify(config, null, 2));
  await writeSafetensors(join(folder, 'model.safetensors'), weights, { format: 'pt' });
}
