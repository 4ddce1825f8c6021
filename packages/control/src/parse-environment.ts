import { checkChoice, InvalidArgumentError } from '@namm/core';
import { type EnvironmentSettings, environmentNames } from '@namm/environments';

/**
 * Parses the settings of an environment: `hopper`, `t-maze:length=1000,cues=3`, or JSON for nested ones.
 * `createEnvironment` checks the options.
 *
 * @throws {InvalidArgumentError} when the text has none of these forms
 *
 * @example
 * ```ts
 * parseEnvironment('t-maze:length=1000'); // { name: 't-maze', length: 1000 }
 * ```
 */
export function parseEnvironment(text: string): EnvironmentSettings {
  if (text.trimStart().startsWith('{')) return fromJson(text);
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  checkChoice('environment', name, environmentNames);
  const settings: Record<string, string | number> = { name };
  for (const part of colon < 0 ? [] : text.slice(colon + 1).split(',')) {
    const [option, value, ...more] = part.split('=').map((word) => word.trim());
    if (!option || !value || more.length > 0 || option in settings) {
      const problem = `'${part}' is not of the form OPTION=VALUE, or appears twice; write '${name}:length=100', or JSON`;
      throw new InvalidArgumentError('environment', problem);
    }
    settings[option] = Number.isNaN(Number(value)) ? value : Number(value);
  }
  return settings as unknown as EnvironmentSettings;
}

function fromJson(text: string): EnvironmentSettings {
  let settings: { name?: unknown };
  try {
    settings = JSON.parse(text);
  } catch (cause) {
    throw new InvalidArgumentError('environment', 'is not valid JSON', { cause });
  }
  checkChoice('environment', settings.name as string, environmentNames);
  return settings as EnvironmentSettings;
}
