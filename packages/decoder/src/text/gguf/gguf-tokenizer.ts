import { type GgufFile, openGguf } from '@namm/tensors';
import { ChatTemplate } from '../chat-template.js';
import type { ChatTemplates } from '../chat-templates.js';
import { checkTokenizer } from '../check-tokenizer.js';
import { type GenerationSettings, generationSettings } from '../generation-settings.js';
import { TokenizerError } from '../tokenizer-error.js';
import type { TokenizerParts } from '../tokenizer-parts.js';
import { type PreKind, preKinds } from './pre-kinds.js';
import { scoredMerges } from './scored-merges.js';

/** What a token is, by the number that stands in `tokenizer.ggml.token_type`. */
const kinds = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 };

/** Control tokens that end a turn in one model or another, also where the metadata does not say so. */
const turnEnds = new Set([
  ...['<|im_end|>', '<|eot_id|>', '<|eom_id|>', '<|end|>', '<|endoftext|>', '<|end_of_text|>'],
  ...['<end_of_turn>', '</s>', '<|end▁of▁sentence|>'],
]);

interface Token {
  readonly text: string;
  readonly id: number;
  readonly kind: number;
  readonly score: number;
}

/**
 * The tokenizer of a GGUF file, as the `tokenizer.json` that it was made from: byte-level BPE (`gpt2`), or
 * SentencePiece's BPE with bytes for what is unknown (`llama`).
 *
 * @param path a GGUF file; of a split model the first
 * @returns what a tokenizer is made from, and how the model is to be run
 * @throws {TokenizerError} naming the file and the key that is missing, wrong or not supported
 * @throws {FileFormatError} when the file is damaged
 */
export async function ggufTokenizer(
  path: string,
): Promise<{ parts: TokenizerParts; generation: () => GenerationSettings }> {
  const file = await openGguf(path);
  const reader = new Reader(file);
  const tokens = reader.tokens();
  const model = reader.text('tokenizer.ggml.model');
  if (model !== 'gpt2' && model !== 'llama') {
    throw reader.error('tokenizer.ggml.model', `'${model}' is not supported; gpt2 and llama are`);
  }
  const built = model === 'gpt2' ? byteLevel(reader, tokens) : sentencePiece(reader, tokens);
  const named = reader.named(tokens);
  const around = { bos: named.bos_token, eos: named.eos_token };
  const addsBos = file.value('tokenizer.ggml.add_bos_token', 'boolean') ?? built.addsBos;
  const addsEos = file.value('tokenizer.ggml.add_eos_token', 'boolean') ?? false;
  const before = addsBos && around.bos ? [around.bos] : [];
  const after = addsEos && around.eos ? [around.eos] : [];
  const json = {
    ...built.json,
    added_tokens: tokens.filter(isAdded).map(({ text: content, id, kind }) => ({
      ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false },
      special: kind !== kinds.userDefined,
    })),
    post_processor: template(before, after),
  };
  const texts = Object.fromEntries(
    Object.entries(named).map(([name, token]) => [name, token.text]),
  );
  const config = { clean_up_tokenization_spaces: false };
  const chatTemplates = reader.chatTemplates();
  for (const chat of chatTemplates.values()) chat.parse();
  const specialTokens = { named: texts, others: [] };
  const endIds = reader.endIds(tokens);
  return {
    parts: { file: path, json: checkTokenizer(json, path), config, specialTokens, chatTemplates },
    generation: () => generationSettings(path, {}, endIds),
  };
}

const isAdded = ({ kind }: Token) =>
  kind === kinds.control || kind === kinds.userDefined || kind === kinds.unknown;

function vocabularyOf(tokens: readonly Token[]): Map<string, number> {
  return new Map(tokens.map(({ text, id }) => [text, id]));
}

const bpe = {
  ...{ type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null },
  ...{ end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, ignore_merges: false },
};

interface Built {
  readonly json: Record<string, unknown>;
  readonly addsBos: boolean;
}

function byteLevel(reader: Reader, tokens: readonly Token[]): Built {
  const kind = reader.preKind();
  const merges = reader.texts('tokenizer.ggml.merges').map((merge) => merge.split(' '));
  return {
    addsBos: kind.addsBos,
    json: {
      normalizer: kind.normalizer,
      pre_tokenizer: kind.preTokenizer,
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        ...bpe,
        ignore_merges: kind.ignoresMerges,
        vocab: Object.fromEntries(vocabularyOf(tokens)),
        merges,
      },
    },
  };
}

function sentencePiece(reader: Reader, tokens: readonly Token[]): Built {
  const hasPrefix = reader.file.value('tokenizer.ggml.add_space_prefix', 'boolean') ?? true;
  const space = { String: ' ' };
  const toBlocks = { type: 'Replace', pattern: space, content: '▁' };
  const decoders = [
    { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
    { type: 'ByteFallback' },
    { type: 'Fuse' },
    ...(hasPrefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
  ];
  const ids = vocabularyOf(tokens);
  const scores = new Map<string, number>();
  for (const { text, kind, score } of tokens) if (kind === kinds.normal) scores.set(text, score);
  const unknown = tokens.find(({ kind }) => kind === kinds.unknown)?.text ?? null;
  return {
    addsBos: true,
    json: {
      normalizer: {
        type: 'Sequence',
        normalizers: [...(hasPrefix ? [{ type: 'Prepend', prepend: '▁' }] : []), toBlocks],
      },
      pre_tokenizer: null,
      decoder: { type: 'Sequence', decoders },
      model: {
        ...{ ...bpe, fuse_unk: true, byte_fallback: true, unk_token: unknown },
        vocab: Object.fromEntries(ids),
        merges: scoredMerges(scores, ids),
      },
    },
  };
}

/** What stands around every text. */
function template(before: readonly Token[], after: readonly Token[]): unknown {
  if (before.length + after.length === 0) return null;
  const piece =
    (type_id: number) =>
    ({ text }: Token) => ({ SpecialToken: { id: text, type_id } });
  const text = (id: string, type_id: number) => [
    ...before.map(piece(type_id)),
    { Sequence: { id, type_id } },
    ...after.map(piece(type_id)),
  ];
  const special_tokens = Object.fromEntries(
    [...before, ...after].map(({ text: id, id: number }) => [
      id,
      { id, ids: [number], tokens: [id] },
    ]),
  );
  const pair = [...text('A', 0), ...text('B', 1)];
  return { type: 'TemplateProcessing', single: text('A', 0), pair, special_tokens };
}

/** Reads the keys that are about text. */
class Reader {
  constructor(readonly file: GgufFile) {}

  error(key: string, problem: string): TokenizerError {
    return new TokenizerError(this.file.path, `key "${key}" ${problem}`);
  }

  text(key: string): string {
    return this.#needed(key, this.file.value(key, 'text'));
  }

  texts(key: string): readonly string[] {
    return this.#needed(key, this.file.value(key, 'texts'));
  }

  preKind(): PreKind {
    const key = 'tokenizer.ggml.pre';
    const name = this.text(key);
    if (Object.hasOwn(preKinds, name)) return preKinds[name]!;
    const known = Object.keys(preKinds).join(', ');
    const advice = 'use a folder with tokenizer.json';
    throw this.error(key, `'${name.slice(0, 40)}' is none of ${known}; ${advice}`);
  }

  /** All tokens that can occur. */
  tokens(): Token[] {
    const key = 'tokenizer.ggml.tokens';
    const texts = this.texts(key);
    const types = this.#parallel('tokenizer.ggml.token_type', texts.length);
    const scores = this.#parallel('tokenizer.ggml.scores', texts.length);
    const seen = new Set<string>();
    const tokens: Token[] = [];
    for (const [id, text] of texts.entries()) {
      const kind = types?.[id] ?? kinds.normal;
      if (kind === kinds.unused) continue;
      if (seen.has(text))
        throw this.error(key, `has ${JSON.stringify(text)} twice; convert it again`);
      seen.add(text);
      tokens.push({ text, id, kind, score: scores?.[id] ?? 0 });
    }
    return tokens;
  }

  /** Special tokens by the names that templates have for them. */
  named(tokens: readonly Token[]): Record<string, Token> {
    const named: Record<string, Token> = {};
    const names = { bos: 'bos', eos: 'eos', unk: 'unknown', pad: 'padding', sep: 'seperator' };
    for (const [name, key] of Object.entries(names)) {
      const token = this.#token(`tokenizer.ggml.${key}_token_id`, tokens);
      if (token) named[`${name}_token`] = token;
    }
    return named;
  }

  /** Ids that end an answer. */
  endIds(tokens: readonly Token[]): number[] {
    const ids = ['eos', 'eot', 'eom'].map(
      (name) => this.#token(`tokenizer.ggml.${name}_token_id`, tokens)?.id,
    );
    const byName = tokens.filter(({ text, kind }) => kind === kinds.control && turnEnds.has(text));
    const all = [...ids, ...byName.map(({ id }) => id)].filter((id) => id !== undefined);
    return [...new Set(all)];
  }

  chatTemplates(): ChatTemplates {
    const templates = new Map<string, ChatTemplate>();
    const key = 'tokenizer.chat_template';
    const add = (name: string, source: string | undefined) => {
      if (source !== undefined) templates.set(name, new ChatTemplate(source, this.file.path));
    };
    add('default', this.file.value(key, 'text'));
    for (const name of this.file.value('tokenizer.chat_templates', 'texts') ?? []) {
      add(name, this.file.value(`${key}.${name}`, 'text'));
    }
    return templates;
  }

  #token(key: string, tokens: readonly Token[]): Token | undefined {
    const id = this.file.value(key, 'number');
    if (id === undefined) return undefined;
    const token = tokens.find((candidate) => candidate.id === id);
    if (token) return token;
    throw this.error(key, `is ${id}, which no token has; convert it again`);
  }

  #parallel(key: string, length: number): readonly number[] | undefined {
    const values = this.file.value(key, 'numbers');
    if (values === undefined || values.length === length) return values;
    throw this.error(key, `has ${values.length} entries for ${length} tokens; convert it again`);
  }

  #needed<Value>(key: string, value: Value | undefined): Value {
    if (value !== undefined) return value;
    throw this.error(key, 'is missing; use a folder with tokenizer.json');
  }
}
