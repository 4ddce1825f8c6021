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

/** What `extra_special_tokens` names, where it is not a list. */
function extraIn({ extra_special_tokens: extra }: Json): Record<string, string> {
  return typeof extra === 'object' && extra !== null && !Array.isArray(extra) ? textsOf(extra) : {};
}

function textsOf(json: object, isWanted = (_name: string) => true): Record<string, string> {
  const texts = Object.entries(json).map(([name, value]) => [name, textOf(value)] as const);
  return Object.fromEntries(
    texts.filter((entry): entry is [string, string] => entry[1] !== null && isWanted(entry[0])),
  );
}

function listedIn(json: Json): string[] {
  const lists = [json.additional_special_tokens, json.extra_special_tokens];
  return lists
    .flatMap((list) => (Array.isArray(list) ? list.map(textOf) : []))
    .filter((text) => text !== null);
}

/**
 * The special tokens of a folder: from `tokenizer_config.json`, and in old folders, whose configuration has no
 * `added_tokens_decoder`, from `special_tokens_map.json` before it. transformers reads the map nowhere else.
 *
 * @param folder a Hugging Face model folder
 * @param config content of its `tokenizer_config.json`
 * @throws {TokenizerError} when the map is damaged
 */
export async function readSpecialTokens(folder: string, config: Json): Promise<SpecialTokens> {
  const hasMap = !('added_tokens_decoder' in config);
  const map = (hasMap && (await readJsonObject(join(folder, 'special_tokens_map.json')))) || {};
  const tokens = textsOf({ ...config, ...map }, (name) => name.endsWith('_token'));
  return {
    named: { ...tokens, ...extraIn(config), ...extraIn(map) },
    others: [...new Set([...listedIn(config), ...listedIn(map)])],
  };
}
