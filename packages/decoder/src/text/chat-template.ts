import { Template } from './jinja/template.js';
import { TemplateError } from './jinja/template-error.js';
import { TokenizerError } from './tokenizer-error.js';

/** A tool call by the model, in the form of OpenAI and transformers. */
export interface ToolCall {
  readonly type?: 'function';
  readonly id?: string;
  readonly function: {
    readonly name: string;
    /** An object; some templates want it as JSON text. */
    readonly arguments: object | string;
  };
}

/** What templates know of a message. */
interface MessageFields {
  /** `system`, `user`, `assistant`, `tool`, or another role that the template supports. */
  readonly role: string;
  /**
   * Text; for multimodal templates parts such as `{ type: 'text', text }`; null or absent where the message
   * has none, as those that call tools.
   */
  readonly content?: string | readonly object[] | null | undefined;
  /** Tool calls of the assistant: {@link ToolCall}, or another form that the template supports. */
  readonly tool_calls?: readonly (ToolCall | object)[] | null | undefined;
  /** In a `tool` message, the call that it answers. */
  readonly tool_call_id?: string | null | undefined;
  /** Name of the tool or of the speaker. */
  readonly name?: string | null | undefined;
  /** What the model thought before its answer. */
  readonly reasoning_content?: string | null | undefined;
}

/**
 * One message of a conversation. Templates ignore fields that they do not use, and may use further ones. Messages of
 * transformers.js, of OpenAI's client and of your own types all fit.
 */
export type ChatMessage = MessageFields | (MessageFields & { readonly [key: string]: unknown });

/** A chat template of a folder. */
export class ChatTemplate {
  /** The file it was found in. */
  readonly file: string;
  /** The template as it stands there. */
  readonly source: string;
  #template: Template | null = null;

  constructor(source: string, file: string) {
    this.source = source;
    this.file = file;
  }

  /** Parses the template, once. @throws {TokenizerError} when that cannot be done */
  parse(): Template {
    try {
      this.#template ??= new Template(this.source);
      return this.#template;
    } catch (cause) {
      if (!(cause instanceof TemplateError)) throw cause;
      const problem = `its chat template cannot be used: ${cause.message}`;
      throw new TokenizerError(this.file, problem, { cause });
    }
  }

  /**
   * Renders the template as transformers would.
   *
   * @param variables `messages`, `tools` and whatever else the template reads
   * @param now the date of `strftime_now`
   * @throws {TokenizerError} when the template refuses, or uses what does not exist here
   */
  render(variables: Readonly<Record<string, unknown>>, now: () => Date): string {
    const template = this.parse();
    try {
      const { messages } = variables;
      const all = Array.isArray(messages)
        ? { ...variables, messages: withReasoning(messages) }
        : variables;
      return template.render(all, now);
    } catch (cause) {
      if (!(cause instanceof TemplateError)) throw cause;
      throw new TokenizerError(this.file, `the chat template refuses: ${cause.message}`, { cause });
    }
  }
}

/** Names of what a model thought, the standard one first. */
const reasoningFields = ['reasoning_content', 'thinking', 'reasoning'];

/** As transformers does: thoughts are there by the standard name, and by the one that gpt-oss reads. */
function withReasoning(messages: readonly Readonly<Record<string, unknown>>[]): object[] {
  return messages.map((message) => {
    const isThere = (field: string) => message?.[field] !== undefined && message[field] !== null;
    const field = reasoningFields.find(isThere);
    if (field === undefined) return message;
    return { thinking: message[field], ...message, reasoning_content: message[field] };
  });
}
