import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AutoConfig, type PretrainedConfig } from '@huggingface/transformers';
import { InvalidArgumentError } from '@namm/core';
import { ModelFolderError } from '@namm/decoder';

/** What the generation loop of transformers.js reads of a configuration; the graph does not. */
const free = ['bos_token_id', 'eos_token_id', 'pad_token_id', 'transformers.js_config'];

/**
 * The configuration as transformers.js holds it.
 *
 * @param given the caller's own; it may differ only in what the graph does not depend on
 * @param known that of a model that has no `config.json`
 * @throws {ModelFolderError} when `config.json` cannot be read
 * @throws {InvalidArgumentError} when the caller's own describes another model
 */
export async function readConfig(
  folder: string,
  given: unknown,
  known?: Readonly<Record<string, unknown>>,
): Promise<PretrainedConfig> {
  const stored = known ?? (await readJson(folder, 'config.json')) ?? {};
  for (const [name, value] of Object.entries(given ?? {})) {
    if (free.includes(name) || !(name in stored)) continue;
    if (JSON.stringify(value) === JSON.stringify(stored[name])) continue;
    const problem = `${name} is ${JSON.stringify(value)}, but ${JSON.stringify(stored[name])} in config.json, which the graph is built from; change the file`;
    throw new InvalidArgumentError('config', problem);
  }
  const config = { ...stored, ...(given ?? {}) } as unknown as PretrainedConfig;
  return AutoConfig.from_pretrained(folder, { config });
}

/**
 * Settings of `generate` that come with the model; none when there are none. A null is as good as absent: it must not hide
 * the end token of `config.json`. Where neither names one, it is that of the nested text model, or of the tokenizer.
 *
 * @param config of the model
 */
export async function readGenerationConfig(
  folder: string,
  config: PretrainedConfig,
): Promise<Record<string, unknown> | null> {
  const stored = await readJson(folder, 'generation_config.json');
  const given = Object.entries(stored ?? {}).filter(([, value]) => value !== null);
  const settings: Record<string, unknown> = Object.fromEntries(given);
  const { eos_token_id, text_config } = config as unknown as Record<string, unknown>;
  if ((settings.eos_token_id ?? eos_token_id ?? null) === null) {
    const nested = (text_config as Record<string, unknown> | undefined)?.eos_token_id;
    const end = nested ?? (await endOfTokenizer(folder));
    if (end !== null) settings.eos_token_id = end;
  }
  return Object.keys(settings).length > 0 || stored !== null ? settings : null;
}

/** The id of the end token that `tokenizer_config.json` names; null when it names none. */
async function endOfTokenizer(folder: string): Promise<number | null> {
  const { eos_token } = (await readJson(folder, 'tokenizer_config.json')) ?? {};
  const end = typeof eos_token === 'string' ? eos_token : (eos_token as AddedToken | null)?.content;
  if (end === undefined) return null;
  const { added_tokens } = (await readJson(folder, 'tokenizer.json')) ?? {};
  const tokens = Array.isArray(added_tokens) ? (added_tokens as AddedToken[]) : [];
  return tokens.find(({ content }) => content === end)?.id ?? null;
}

interface AddedToken {
  readonly content?: string;
  readonly id?: number;
}

async function readJson(folder: string, file: string): Promise<Record<string, unknown> | null> {
  const path = join(folder, file);
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new ModelFolderError(path, 'is not valid JSON; fetch the file again.', { cause });
  }
}
