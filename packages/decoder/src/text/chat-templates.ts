import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ChatTemplate } from './chat-template.js';
import { readJsonObject, readTextIfThere } from './read-json-object.js';
import { TokenizerError } from './tokenizer-error.js';

/** The chat templates of a folder by name; the usual one is `default`. */
export type ChatTemplates = ReadonlyMap<string, ChatTemplate>;

const additionalFolder = 'additional_chat_templates';

/**
 * The chat templates of a folder. Files of their own (`chat_template.jinja` and those in
 * `additional_chat_templates/`) replace the entries of `tokenizer_config.json` and `chat_template.json`. Of these
 * transformers takes the first with a tokenizer and the second with a processor of pictures or sound, where the
 * folder has one; so it is here.
 *
 * @param folder a Hugging Face model folder
 * @returns an empty map when the folder has none
 * @throws {TokenizerError} when a file cannot be read
 *
 * @example
 * ```ts
 * const templates = await readChatTemplates('model');
 * templates.get('default')?.source;
 * ```
 */
export async function readChatTemplates(folder: string): Promise<ChatTemplates> {
  const own = await templatesInFiles(folder);
  if (own.size > 0) return own;
  for (const name of await entryFiles(folder)) {
    const file = join(folder, name);
    const value = (await readJsonObject(file))?.chat_template;
    if (value !== undefined && value !== null) return templatesIn(value, file);
  }
  return new Map();
}

async function entryFiles(folder: string): Promise<string[]> {
  const processors = ['processor_config.json', 'preprocessor_config.json'];
  const isThere = (name: string) =>
    access(join(folder, name)).then(
      () => true,
      () => false,
    );
  const hasProcessor = (await Promise.all(processors.map(isThere))).includes(true);
  const files = ['tokenizer_config.json', 'chat_template.json'];
  return hasProcessor ? files.reverse() : files;
}

async function templatesInFiles(folder: string): Promise<Map<string, ChatTemplate>> {
  const templates = new Map<string, ChatTemplate>();
  const add = async (name: string, file: string) => {
    const source = await readTextIfThere(file);
    if (source !== null) templates.set(name, new ChatTemplate(source, file));
  };
  await add('default', join(folder, 'chat_template.jinja'));
  const names = await readdir(join(folder, additionalFolder)).catch(() => []);
  for (const name of names.filter((one) => one.endsWith('.jinja')).sort()) {
    await add(name.slice(0, -'.jinja'.length), join(folder, additionalFolder, name));
  }
  return templates;
}

/** An entry is one template, an object of templates by name, or a list of `{ name, template }`. */
function templatesIn(value: unknown, file: string): ChatTemplates {
  const entries = entriesOf(value);
  if (!entries?.every(([name, source]) => typeof name === 'string' && typeof source === 'string')) {
    const problem = 'its chat_template is neither a text nor texts by name; fetch it again';
    throw new TokenizerError(file, problem);
  }
  return new Map(
    (entries as [string, string][]).map(([name, source]) => [name, new ChatTemplate(source, file)]),
  );
}

function entriesOf(value: unknown): [unknown, unknown][] | null {
  if (typeof value === 'string') return [['default', value]];
  if (Array.isArray(value)) return value.map((entry) => [entry?.name, entry?.template]);
  return typeof value === 'object' ? Object.entries(value as object) : null;
}

/**
 * The template for a conversation, as transformers chooses it: the one that is named or given; else `tool_use` when
 * there are tools and such a template; else `default`.
 *
 * @param name the one that is wanted, or a template itself, or nothing
 * @param file is named in errors
 * @throws {TokenizerError} when there is no such template, naming those that there are
 */
export function chooseTemplate(
  templates: ChatTemplates,
  name: string | undefined,
  hasTools: boolean,
  file: string,
): ChatTemplate {
  // As in transformers, what is not a name may be the template itself. A misspelt name is not.
  if (name !== undefined && !templates.has(name) && /\{[{%#]/.test(name)) {
    return new ChatTemplate(name, 'the given template');
  }
  if (templates.size === 0) {
    throw new TokenizerError(file, 'comes without a chat template; use plain text prompts');
  }
  const template =
    name !== undefined
      ? templates.get(name)
      : ((hasTools ? templates.get('tool_use') : undefined) ?? templates.get('default'));
  if (template) return template;
  const wanted = name === undefined ? 'none is the default' : `none is called '${name}'`;
  const names = [...templates.keys()].sort().join(', ');
  throw new TokenizerError(file, `of its chat templates ${wanted}; name one of: ${names}`);
}
