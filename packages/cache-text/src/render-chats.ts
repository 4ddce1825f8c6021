import type { PreTrainedTokenizer } from '@huggingface/transformers';
import { InvalidArgumentError } from '@namm/core';
import type { ChatMessage, ChatPrompts } from '@namm/decoder';

/** What `apply_chat_template` of transformers.js takes; all else are variables of the template. */
interface ChatOptions {
  readonly tools?: readonly object[] | null;
  readonly documents?: readonly object[] | null;
  readonly chat_template?: string | null;
  readonly add_generation_prompt?: boolean;
  readonly tokenize?: boolean;
  readonly return_dict?: boolean;
  readonly padding?: boolean | 'max_length';
  readonly truncation?: boolean | null;
  readonly max_length?: number | null;
  readonly return_tensor?: boolean;
  readonly tokenizer_kwargs?: object;
  readonly [variable: string]: unknown;
}

/**
 * Lets a tokenizer of transformers.js render conversations as transformers does.
 *
 * @param tokenizer is changed; a `chat_template` that is set on it later is the one that is rendered
 * @param renderer of its model's templates; null where they are not on this machine
 * @param model is named in errors
 * @returns the tokenizer
 */
export function renderChats(
  tokenizer: PreTrainedTokenizer,
  renderer: ChatPrompts | null,
  model: string,
): PreTrainedTokenizer {
  const sources = renderer?.sources ?? new Map<string, string>();
  const usual = sources.get('default');
  // As transformers.js has it: one template, or several by name.
  const known = sources.size === 1 && usual !== undefined ? usual : Object.fromEntries(sources);
  tokenizer.chat_template = sources.size === 0 ? null : known;
  const untouched = tokenizer.chat_template;

  function apply_chat_template(messages: readonly ChatMessage[], options: ChatOptions = {}) {
    const { tools, documents, chat_template, add_generation_prompt, ...others } = options;
    const { tokenize = true, return_dict = true, tokenizer_kwargs, ...rest } = others;
    const { padding, truncation, max_length, return_tensor, ...variables } = rest;
    if (renderer === null) {
      const problem = `the chat templates of '${model}' are not on this machine; load the model first, and give its \`folder\` to NammTokenizer.from_pretrained`;
      throw new InvalidArgumentError('apply_chat_template', problem);
    }
    const set = tokenizer.chat_template === untouched ? null : tokenizer.chat_template;
    const template = chat_template ?? (typeof set === 'string' ? set : undefined);
    const text = renderer.render(messages, {
      ...{ tools: tools ?? null, documents: documents ?? null, variables },
      addGenerationPrompt: add_generation_prompt ?? false,
      ...(template !== undefined && { template }),
    });
    if (!tokenize) return text;
    const inputs = tokenizer(text, {
      ...{ add_special_tokens: false, padding: padding ?? false, truncation: truncation ?? false },
      ...{ max_length: max_length ?? null, return_tensor: return_tensor ?? true },
      ...tokenizer_kwargs,
    } as object) as { readonly input_ids: unknown };
    return return_dict ? inputs : inputs.input_ids;
  }
  return Object.assign(tokenizer, { apply_chat_template }) as PreTrainedTokenizer;
}
