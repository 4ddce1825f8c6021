import { join } from 'node:path';
import { Template } from '@huggingface/jinja';
import { readJsonObject, readTextIfThere } from './read-json-object.js';
import { TokenizerError } from './tokenizer-error.js';

/** One message of a conversation. */
export interface ChatMessage {
  /** `system`, `user`, `assistant`, or what else the template knows. */
  readonly role: string;
  /** Text, or for multimodal templates parts such as `{ type: 'text', text }`. */
  readonly content: string | readonly Readonly<Record<string, unknown>>[];
}

/** A chat template and the file it was found in. */
export interface ChatTemplate {
  readonly template: Template;
  readonly file: string;
}

/** A configuration holds one template, or several by name of which `default` is the usual one. */
function sourceOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return null;
  const entry = value.find((item) => item?.name === 'default');
  return typeof entry?.template === 'string' ? entry.template : null;
}

/**
 * The chat template of a folder: `chat_template.jinja`, `chat_template.json`, or the entry in
 * `tokenizer_config.json`, in the order in which newer files replace older ones.
 *
 * @param config content of `tokenizer_config.json`
 * @returns null when the folder has none
 * @throws {TokenizerError} when the template cannot be parsed
 */
export async function readChatTemplate(
  folder: string,
  config: Readonly<Record<string, unknown>>,
): Promise<ChatTemplate | null> {
  let file = join(folder, 'chat_template.jinja');
  let source = await readTextIfThere(file);
  if (source === null) {
    file = join(folder, 'chat_template.json');
    source = sourceOf((await readJsonObject(file))?.chat_template);
  }
  if (source === null) {
    file = join(folder, 'tokenizer_config.json');
    source = sourceOf(config.chat_template);
  }
  if (source === null) return null;
  try {
    return { template: new Template(source), file };
  } catch (cause) {
    const problem = `its chat template cannot be parsed (${String(cause)}); fetch it again`;
    throw new TokenizerError(file, problem, { cause });
  }
}
