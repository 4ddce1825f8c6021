import { TokenizerError } from './tokenizer-error.js';

type JsonObject = Record<string, unknown>;

/** Ids end up in 32-bit tensors; no tokenizer comes near. */
const largestId = 2 ** 31 - 1;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Files written before models were named are told apart by what they hold, as the reference does. */
function modelType(model: JsonObject): unknown {
  if ('type' in model) return model.type;
  if (Array.isArray(model.merges)) return 'BPE';
  return Array.isArray(model.vocab) ? 'Unigram' : 'WordPiece';
}

function checkVocabulary(vocabulary: unknown, file: string): Map<string, number> {
  const ids = new Map<string, number>();
  if (Array.isArray(vocabulary)) {
    for (const [id, piece] of vocabulary.entries()) {
      const isPiece =
        Array.isArray(piece) && typeof piece[0] === 'string' && Number.isFinite(piece[1]);
      if (!isPiece)
        throw new TokenizerError(file, `piece ${id} of the vocabulary has no text and score`);
      ids.set(piece[0], id);
    }
    return ids;
  }
  if (!isObject(vocabulary))
    throw new TokenizerError(file, 'its model has no vocabulary; fetch it again');
  for (const [token, id] of Object.entries(vocabulary)) {
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) > largestId) {
      throw new TokenizerError(
        file,
        `token ${JSON.stringify(token)} has no valid id; fetch it again`,
      );
    }
    ids.set(token, id as number);
  }
  return ids;
}

/** Merges come as pairs, or as texts with one space between the parts. */
function partsOf(merge: unknown): [string, string] | null {
  const parts = typeof merge === 'string' ? merge.split(' ') : merge;
  const isPair =
    Array.isArray(parts) && parts.length === 2 && parts.every((part) => typeof part === 'string');
  return isPair ? (parts as [string, string]) : null;
}

/** As in the reference: both parts of a merge and what they merge to have ids. */
function checkMerges(
  model: JsonObject,
  vocabulary: ReadonlyMap<string, number>,
  file: string,
): void {
  if (!Array.isArray(model.merges)) throw new TokenizerError(file, 'its BPE model has no merges');
  const prefix = model.continuing_subword_prefix;
  const prefixLength = typeof prefix === 'string' ? prefix.length : 0;
  for (const [rank, merge] of model.merges.entries()) {
    const parts = partsOf(merge);
    if (!parts)
      throw new TokenizerError(file, `merge ${rank} is not a pair of tokens; fetch it again`);
    const needed = [...parts, parts[0] + parts[1].slice(prefixLength)];
    const missing = needed.find((token) => !vocabulary.has(token));
    if (missing === undefined) continue;
    const problem = `merge ${rank} needs ${JSON.stringify(missing)}, which is not in the vocabulary`;
    throw new TokenizerError(file, `${problem}; fetch the file again`);
  }
}

function checkAddedTokens(added: unknown, file: string): JsonObject[] {
  if (added === undefined || added === null) return [];
  const isToken = (token: unknown) =>
    isObject(token) &&
    typeof token.content === 'string' &&
    Number.isInteger(token.id) &&
    (token.id as number) >= 0 &&
    (token.id as number) <= largestId;
  if (Array.isArray(added) && added.every(isToken)) return added;
  throw new TokenizerError(
    file,
    'its added_tokens are not a list of contents and ids; fetch it again',
  );
}

/**
 * Checks the parts of `tokenizer.json` that the library takes on trust, since a wrong one would give
 * wrong ids instead of an error, and fills in what older files leave out.
 *
 * @throws {TokenizerError} naming what is wrong
 */
export function checkTokenizer(json: JsonObject, file: string): JsonObject {
  if (!isObject(json.model)) throw new TokenizerError(file, 'has no model; fetch it again');
  const type = modelType(json.model);
  if (type !== 'BPE' && type !== 'WordPiece' && type !== 'Unigram') {
    const known = 'BPE, WordPiece and Unigram are supported';
    throw new TokenizerError(
      file,
      `its model has the type ${JSON.stringify(type) ?? 'undefined'}; ${known}`,
    );
  }
  const vocabulary = checkVocabulary(json.model.vocab, file);
  const { dropout } = json.model;
  if (typeof dropout === 'number' && dropout > 0) {
    throw new TokenizerError(
      file,
      `its model drops merges at random (dropout ${dropout}); set it to null`,
    );
  }
  if (type === 'BPE') checkMerges(json.model, vocabulary, file);
  return {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    ...json,
    model: { ...json.model, type },
    // As in the reference, a token that the vocabulary has keeps its id there.
    added_tokens: checkAddedTokens(json.added_tokens, file).map((token) => ({
      ...token,
      id: vocabulary.get(token.content as string) ?? token.id,
    })),
  };
}
