/** How text is cut before bytes are merged, by the name that llama.cpp has for it. */
export interface PreKind {
  readonly normalizer: unknown;
  readonly preTokenizer: unknown;
  /** Whether a piece that is a token stays whole, whatever the merges say. */
  readonly ignoresMerges: boolean;
  /** Whether a text begins with the BOS token when the file does not say. */
  readonly addsBos: boolean;
}

const bytes = (use_regex: boolean) => ({
  ...{ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
  use_regex,
});
const sequence = (...pretokenizers: unknown[]) => ({ type: 'Sequence', pretokenizers });
const split = (Regex: string) => ({
  ...{ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false },
});

const plain = { normalizer: null, ignoresMerges: false, addsBos: false };

/** Words, up to so many digits, punctuation, line ends and spaces: the pattern of tiktoken's cl100k. */
const words = (digits: string) =>
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

const gpt2: PreKind = { ...plain, preTokenizer: bytes(true) };
const digitsAlone: PreKind = {
  ...plain,
  preTokenizer: sequence({ type: 'Digits', individual_digits: true }, bytes(true)),
};
const cl100k: PreKind = {
  ...plain,
  preTokenizer: sequence(split(words(String.raw`\p{N}{1,3}`)), bytes(false)),
};
const llama3: PreKind = { ...cl100k, ignoresMerges: true, addsBos: true };
const qwen2: PreKind = {
  ...plain,
  normalizer: { type: 'NFC' },
  preTokenizer: sequence(split(words(String.raw`\p{N}`)), bytes(false)),
};

/** By `tokenizer.ggml.pre`. */
export const preKinds: Readonly<Record<string, PreKind>> = {
  'gpt-2': gpt2,
  smollm: digitsAlone,
  starcoder: digitsAlone,
  refact: digitsAlone,
  dbrx: cl100k,
  'llama-bpe': llama3,
  'llama-v3': llama3,
  llama3,
  lfm2: llama3,
  qwen2,
};
