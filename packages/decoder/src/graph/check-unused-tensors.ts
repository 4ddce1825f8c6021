import { ModelFolderError } from '../errors.js';
import type { ModelFolder } from '../source/model-folder.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';

/** Buffers that old checkpoints hold and that say nothing: RoPE's frequencies, GPT-2's causal mask. */
const harmless = /rotary_emb\.inv_freq$|\.attn\.(bias|masked_bias)$/;

/**
 * Refuses weights that the model would have to use but does not: whatever stands within its layers (a bias
 * or norm that config.json does not call for, an adapter, a layer beyond the last), and a head of its own
 * where config.json ties the head to the embedding. Tensors that stand elsewhere are not the model's.
 */
export async function checkUnusedTensors(
  folder: ModelFolder,
  spec: DecoderSpec,
  used: ReadonlySet<string>,
): Promise<void> {
  const [first] = Array.from(used).filter((name) => /(^|\.)(layers|h)\.\d+\./.test(name));
  const layers = first!.replace(/((^|\.)(layers|h)\.)\d+\..*$/, '$1');
  for (const name of folder.tensors.keys()) {
    if (used.has(name) || harmless.test(name)) continue;
    if (name.startsWith(layers)) refuse(folder, name, 'config.json does not call for it');
  }
  const head = spec.embedding.weight.replace(
    /(model\.)?embed_tokens|(transformer\.)?wte/,
    'lm_head',
  );
  if (!used.has(head) && folder.tensors.has(head)) {
    const same = await sameBytes(folder, head, spec.embedding.weight);
    if (!same) refuse(folder, head, 'config.json ties the head to the embedding, which differs');
  }
}

async function sameBytes(folder: ModelFolder, one: string, other: string): Promise<boolean> {
  const [a, b] = [one, other].map((name) => folder.tensors.get(name)!);
  if (a!.entry.dtype !== b!.entry.dtype || a!.entry.byteLength !== b!.entry.byteLength)
    return false;
  const bytes = await a!.file.readBytes(one);
  return Buffer.compare(bytes, await b!.file.readBytes(other)) === 0;
}

function refuse(folder: ModelFolder, tensor: string, reason: string): never {
  const problem = `${tensor} would be left out (${reason}), which would change the answers`;
  throw new ModelFolderError(folder.path, `${problem}. Correct config.json or the weights.`, {
    details: { tensor },
  });
}
