import { ModelFolderError } from '@namm/decoder';

/** What stands before the names of a model's tensors. */
export interface TensorNames {
  /** Before everything, such as `decision_transformer.`; most often nothing. */
  readonly outer: string;
  /** Before the layers: `encoder.` in transformers, `transformer.` in the code of the publication. */
  readonly encoder: string;
  /**
   * The table of positions, whose first row transformers adds to every token; null in the code of the publication,
   * which has none.
   */
  readonly positions: string | null;
}

const outers = ['', 'decision_transformer.', 'model.'];
const known =
  /^(embed_(timestep|return|state|action)\.(weight|bias)|embed_ln\.(weight|bias)|predict_(state|return)\.(weight|bias)|predict_action\.0\.(weight|bias))$/;
const knownInEncoder = /^(h\.\d+\..*|ln_f\.(weight|bias)|w[tp]e\.weight)$/;

/**
 * Finds out how a file calls its tensors. A tensor that no Decision Transformer has belongs to a variant that
 * reads other tokens (an adversary's actions, for one), so its answers would be wrong here: it is refused.
 *
 * @param folder for messages
 * @param tensors all names
 * @throws {ModelFolderError} when they are not those of a Decision Transformer
 */
export function findNames(folder: string, tensors: readonly string[]): TensorNames {
  const has = (name: string) => tensors.includes(name);
  const outer = outers.find((prefix) => has(`${prefix}embed_state.weight`));
  const inner = ['encoder.', 'transformer.'].find((name) => has(`${outer}${name}ln_f.weight`));
  if (outer === undefined || inner === undefined) {
    const missing = outer === undefined ? 'embed_state.weight' : 'encoder.ln_f.weight';
    const problem = `the weights lack ${missing}, which every Decision Transformer has; use a complete folder.`;
    throw new ModelFolderError(folder, problem, { details: { tensor: missing } });
  }
  const encoder = outer + inner;
  for (const name of tensors) {
    const isKnown = name.startsWith(encoder)
      ? knownInEncoder.test(name.slice(encoder.length))
      : name.startsWith(outer) && known.test(name.slice(outer.length));
    if (isKnown) continue;
    const problem = `${name} belongs to no Decision Transformer that is supported, and without it answers would be wrong.`;
    throw new ModelFolderError(folder, problem, { details: { tensor: name } });
  }
  const positions = `${encoder}wpe.weight`;
  const isPublished = inner === 'transformer.' && !has(positions);
  return { outer, encoder, positions: isPublished ? null : positions };
}
