import { join } from 'node:path';
import { readJsonObject } from './read-json-object.js';

type Json = Readonly<Record<string, unknown>>;

/** The special tokens that a folder names. */
export interface SpecialTokens {
  /** Text by name, such as `bos_token` or `image_token`; templates use them by these names. */
  readonly named: Readonly<Record<string, string>>;
  /** Further ones, without names. */
  readonly others: readonly string[];
}

/** A token is given by its text, or by an object that holds it. */
function textOf(value: unknown): string | null {
  const text = (value as { content?: unknown } | null | undefined)?.content ?? value;
  return typeof text === 'string' ? text : null;
}

function namedIn(json: Json): Record<string, string> {
  const named: Record<string, string> = {};
  const { extra_special_tokens: extra } = json;
  const isNamed = typeof extra === 'object' && extra !== null && !Array.isArray(extra);
  for (const [name, value] of Object.entries({ ...json, ...(isNamed && extra) })) {
    const text = textOf(value);
    const isToken = name.endsWith('_token') || (isNamed && name in extra);
    if (isToken && text !== null) named[name] = text;
  }
  return named;
}

function listedIn(json: Json): string[] {
  const lists = [json.additional_special_tokens, json.extra_special_tokens];
  return lists
    .flatMap((list) => (Array.isArray(list) ? list.map(textOf) : []))
    .filter((text) => text !== null);
}

/**
 * The special tokens of a folder: from `tokenizer_config.json` and `special_tokens_map.json`. As in
 * transformers, the map decides in old folders, those whose configuration lists no `added_tokens_decoder`;
 * in others it only fills in.
 *
 * @param folder a Hugging Face model folder
 * @param config content of its `tokenizer_config.json`
 * @throws {TokenizerError} when the map is damaged
 */
export async function readSpecialTokens(folder: string, config: Json): Promise<SpecialTokens> {
  const map = (await readJsonObject(join(folder, 'special_tokens_map.json'))) ?? {};
  const mapDecides = !('added_tokens_decoder' in config);
  const [first, second] = mapDecides ? [config, map] : [map, config];
  return {
    named: { ...namedIn(first), ...namedIn(second) },
    others: [...new Set([...listedIn(first), ...listedIn(second)])],
  };
}
