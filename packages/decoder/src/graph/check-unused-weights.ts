import { ModelFolderError } from '../errors.js';
import type { ModelSource } from '../source/model-source.js';
import { readWeightBytes } from '../source/read-weight-bytes.js';

/** Buffers that old checkpoints hold and that say nothing: RoPE's frequencies, GPT-2's causal mask. */
const harmless = /rotary_emb\.inv_freq$|\.attn\.(bias|masked_bias)$/;

/**
 * Refuses weights that the model would have to use but does not: whatever stands within its layers (a bias
 * or norm that its configuration does not call for, an adapter, a layer beyond the last), and a head of its own
 * where the configuration ties the head to the embedding. Tensors that stand elsewhere are not the model's.
 *
 * @param source the model
 * @param used names of the weights that its graph uses
 * @throws {ModelFolderError} naming the weight
 */
export async function checkUnusedWeights(
  source: ModelSource,
  used: ReadonlySet<string>,
): Promise<void> {
  const inLayers = Array.from(used).find((name) => /(^|\.)(layers|h)\.\d+\./.test(name));
  const layers = inLayers?.replace(/((^|\.)(layers|h)\.)\d+\..*$/, '$1');
  for (const name of source.weights.keys()) {
    if (used.has(name) || harmless.test(name)) continue;
    if (layers !== undefined && name.startsWith(layers)) {
      refuse(source, name, 'the configuration does not call for it');
    }
  }
  const { embedding, head: ownHead } = source.spec;
  if (!embedding || !ownHead) return;
  const head = embedding.weight.replace(/(model\.)?embed_tokens|(transformer\.)?wte/, 'lm_head');
  if (used.has(head) || !source.weights.has(head)) return;
  if (!(await sameBytes(source, head, embedding.weight))) {
    const reason = 'the configuration ties the head to the embedding, which differs';
    refuse(source, head, reason);
  }
}

async function sameBytes({ weights }: ModelSource, one: string, other: string): Promise<boolean> {
  const [a, b] = [weights.get(one)!, weights.get(other)!];
  if (a.format !== b.format || `${a.shape}` !== `${b.shape}`) return false;
  return Buffer.compare(await readWeightBytes(a), await readWeightBytes(b)) === 0;
}

function refuse({ name: source }: ModelSource, tensor: string, reason: string): never {
  const problem = `${tensor} would be left out (${reason}), which would change the answers`;
  throw new ModelFolderError(source, `${problem}. Correct the configuration or the weights.`, {
    details: { tensor },
  });
}
