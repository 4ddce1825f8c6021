import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from '@namm/core';
import type { Command } from 'commander';
import { describeError } from './describe-error.js';

/**
 * Takes options that the command line does not give from a file of JSON: names as on the command line, with or without
 * dashes (`max-tokens`, `maxTokens`). Numbers and texts are read as the option itself reads them. A file that is not there
 * says nothing, unless it was asked for.
 *
 * @param command whose options it sets; flags win
 * @param path of the file
 * @param isNeeded whether it was asked for
 * @throws {InvalidArgumentError} when it cannot be read, or names an option or a value that is none
 */
export async function applyConfigFile(
  command: Command,
  path: string,
  isNeeded: boolean,
): Promise<void> {
  if (!isNeeded && !existsSync(path)) return;
  const refuse = (problem: string): never => {
    throw new InvalidArgumentError(path, problem);
  };
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new InvalidArgumentError('--config', describeError(error), { cause: error });
  });
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    return refuse(`is not valid JSON: ${(error as Error).message}`);
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    return refuse('is not an object of options by name');
  }
  for (const [key, value] of Object.entries(config)) {
    const name = key.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const option = command.options.find((one) => one.attributeName() === name && !one.negate);
    if (option === undefined) return refuse(`'${key}' is not an option of ${command.name()}`);
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      return refuse(`'${key}' is neither text, nor a number, nor true or false`);
    }
    if (option.isBoolean() !== (typeof value === 'boolean')) {
      return refuse(`'${key}' ${option.isBoolean() ? 'is true or false' : 'needs a value'}`);
    }
    if (command.getOptionValueSource(name) === 'cli') continue;
    let read: unknown = value;
    try {
      if (typeof value !== 'boolean' && option.parseArg) {
        read = option.parseArg(String(value), option.defaultValue);
      } else if (typeof value === 'number') read = String(value);
    } catch (error) {
      return refuse(`'${key}': ${(error as Error).message}`);
    }
    command.setOptionValueWithSource(name, read, 'config');
  }
}
