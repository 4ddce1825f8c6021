import type { ChatTemplates } from './chat-templates.js';
import type { SpecialTokens } from './special-tokens.js';

/** What a tokenizer is made from. */
export interface TokenizerParts {
  /** The `tokenizer.json` it was read from. */
  readonly file: string;
  /** Content of that file, checked. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Content of `tokenizer_config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly specialTokens: SpecialTokens;
  readonly chatTemplates: ChatTemplates;
}
