import type { SpecialTokens } from './special-tokens.js';

type Json = Readonly<Record<string, unknown>>;

/** In the order in which transformers gives ids to those that have none. */
const firstNames = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'].map(
  (name) => `${name}_token`,
);

/**
 * Adds the special tokens that only the configuration names to those of `tokenizer.json`, as transformers does:
 * wherever such a text stands it is that one token. Those that the vocabulary lacks get the ids behind it.
 *
 * @param json content of `tokenizer.json`, checked
 * @param config content of `tokenizer_config.json`
 * @returns the content with all added tokens
 */
export function addSpecialTokens(json: Json, config: Json, { named, others }: SpecialTokens): Json {
  const added = json.added_tokens as readonly Json[];
  const known = new Set(added.map(({ content }) => content));
  const ids = vocabularyOf(json);
  let next = Math.max(-1, ...added.map(({ id }) => id as number));
  for (const id of ids.values()) next = Math.max(next, id);
  const more: Json[] = [];
  for (const token of [...listedIn(config), ...textsOf(named, others)]) {
    if (known.has(token.content)) continue;
    known.add(token.content);
    more.push({ ...token, id: ids.get(token.content as string) ?? ++next });
  }
  return more.length === 0 ? json : { ...json, added_tokens: [...added, ...more] };
}

function vocabularyOf(json: Json): Map<string, number> {
  const { vocab } = json.model as { readonly vocab: object | readonly [string, number][] };
  return Array.isArray(vocab)
    ? new Map(vocab.map(([piece], id) => [piece as string, id]))
    : new Map(Object.entries(vocab));
}

/** Tokens of `added_tokens_decoder`, by its ids; those ids count for tokens of `tokenizer.json` alone. */
function listedIn(config: Json): Json[] {
  const { added_tokens_decoder: listed } = config;
  if (typeof listed !== 'object' || listed === null) return [];
  return Object.entries(listed)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, token]) => token as Json)
    .filter((token) => typeof token?.content === 'string' && token.content !== '');
}

function textsOf(named: SpecialTokens['named'], others: SpecialTokens['others']): Json[] {
  const first = firstNames.flatMap((name) => named[name] ?? []);
  return [...first, ...Object.values(named), ...others]
    .filter((content) => content !== '')
    .map((content) => ({
      content,
      ...{ single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    }));
}
