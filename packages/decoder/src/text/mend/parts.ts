/** What `tokenizer.json` says of a part. */
export type Definition = Readonly<Record<string, unknown>> | null | undefined;

/** What stands inside the library, as far as it is mended here. */
export interface Part {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly decoders?: readonly Part[];
  readonly tokenizers?: readonly Part[];
  readonly pattern?: RegExp | null;
  pre_tokenize_text?: (text: string, options?: { readonly section_index?: number }) => string[];
  decode_chain?: (tokens: readonly string[]) => string[];
}

/** A normaliser of the library; a sequence has others inside. */
export interface NormalizerPart {
  (text: string): string;
  readonly normalizers?: readonly NormalizerPart[];
  normalize(text: string): string;
}
