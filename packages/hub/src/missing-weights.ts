import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MissingWeightsError } from './errors.js';

/** What is known of a model whose weights cannot be used. */
export interface Findings {
  /** Whether it holds ONNX files. */
  readonly hasOnnx: boolean;
  /** Its card, `README.md`; empty when there is none. */
  readonly card: string;
}

/** An error that says what is needed instead, and where that most likely is. */
export function missingWeights(model: string, { hasOnnx, card }: Findings): MissingWeightsError {
  const base = baseModel(card);
  const holds = hasOnnx ? 'holds ONNX files, but no safetensors' : 'holds no safetensors weights';
  const reason =
    'the graph with a cache that forgets is built from the original weights (model.safetensors, or shards with model.safetensors.index.json)';
  const advice =
    base === null
      ? 'name the repository that the model was converted from.'
      : `its card names ${base} as its base model: try that id.`;
  return new MissingWeightsError(model, `${holds}; ${reason}. Instead, ${advice}`, base);
}

/** What a local folder without safetensors does hold. */
export async function findingsInFolder(folder: string): Promise<Findings> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const card = await readFile(join(folder, 'README.md'), 'utf8').catch(() => '');
  return { hasOnnx: names.some((name) => name.endsWith('.onnx')), card };
}

/** `base_model` of the card's front matter: a name, or a list of which the first counts. */
function baseModel(card: string): string | null {
  const matter = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1] ?? '';
  const [, value] =
    /^base_model:[ \t]*(?:\r?\n[ \t]*-[ \t]*|\[[ \t]*)?["']?([\w.-]+\/[\w.-]+)/m.exec(matter) ?? [];
  return value ?? null;
}
