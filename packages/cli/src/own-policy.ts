import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { noneOf } from '@namm/core';
import { loadPolicy } from '@namm/decoder';
import type { BudgetInput, EvictionPolicy } from '@namm/kv-cache';
import { InvalidArgumentError } from 'commander';

/** How a user's own policy is named on the command line: a file with code, and what it exports. */
export const ownPolicyForm = 'FILE.js#NAME';

const ownPolicy = /^(?<file>.+\.[cm]?js)#(?<name>[\w$]+)$/;

/** Whether a text has the form `FILE.js#NAME`. */
export const isOwnPolicy = (text: string): boolean => ownPolicy.test(text);

/** The name of a policy of the user's own. */
export const ownPolicyName = (text: string): string => {
  if (isOwnPolicy(text)) return text;
  const problem = `'${text}' is not of the form ${ownPolicyForm}`;
  throw new InvalidArgumentError(whatIsMeant(text, []) ?? problem);
};

/** The name of a policy: one of those that the command knows, or `FILE.js#NAME`. */
export const policyFrom =
  (known: readonly string[]) =>
  (text: string): string => {
    if (known.includes(text) || isOwnPolicy(text)) return text;
    throw new InvalidArgumentError(policyProblem(text, known));
  };

/**
 * What is wrong with the name of a policy that is neither known nor `FILE.js#NAME`, and what was probably meant.
 *
 * @param known the names there are
 */
export const policyProblem = (text: string, known: readonly string[]): string =>
  whatIsMeant(text, known) ?? noneOf(text, known, [ownPolicyForm]);

/** Names with something more, which stands elsewhere. */
function whatIsMeant(text: string, known: readonly string[]): string | null {
  if (/\.[cm]?js#?$/.test(text)) {
    const file = text.replace(/#$/, '');
    return `'${text}' is a file; name what it exports too: ${file}#NAME`;
  }
  if (/\.[cm]?ts(#|$)/.test(text)) return `'${text}' is TypeScript; compile it: ${ownPolicyForm}`;
  if (/.#[\w$]+$/.test(text)) return `'${text}' is not a JavaScript file; write ${ownPolicyForm}`;
  if (/\.js#/.test(text)) return `'${text}' names no export; write ${ownPolicyForm}`;
  const [, name = '', more = ''] = /^([\w-]+)[:=@](.*)$/.exec(text) ?? [];
  const isLearned = ['namm', 'taught'].includes(name);
  if (/\.safetensors$/.test(text) && (isLearned || known.includes('namm'))) {
    const file = isLearned ? more : text;
    return `'${text}' names a file; write --policy ${isLearned ? name : 'namm'} --checkpoint ${file}`;
  }
  if (known.includes(name)) return `'${text}' has a budget; write --budget ${more || 'SIZE'}`;
  return null;
}

/**
 * The policy that a function of the user's own makes. The file may import the packages that the command itself uses,
 * wherever it lies. The policy is called as it was named, and its settings tell one state of the file from another, so that
 * results of older code are not taken for those of newer code.
 *
 * @param text `FILE.js#NAME`; the file relative to the current folder
 * @param options what the function is called with
 * @throws {PolicyModuleError} when the file cannot be loaded, or does not make a policy; later, when the policy fails
 */
export async function loadOwnPolicy(
  text: string,
  options: { readonly budget?: BudgetInput } = {},
): Promise<EvictionPolicy> {
  const { file = '', name = '' } = ownPolicy.exec(ownPolicyName(text))!.groups!;
  if (!existsSync(file)) throw new InvalidArgumentError(`${resolve(file)} does not exist`);
  findOurPackages();
  const policy = await loadPolicy({ module: resolve(file), export: name, options });
  const code = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  return {
    ...policy,
    name: `${basename(file)}#${name}`,
    settings: { name: policy.name, settings: policy.settings, code },
  };
}

let areFound = false;

/** From now on modules find our packages where the command finds them, if not beside themselves. */
function findOurPackages(): void {
  const [, command] = process.argv;
  if (areFound || command === undefined) return;
  areFound = true;
  const code = `
    let places;
    export const initialize = (data) => { places = data; };
    export async function resolve(specifier, context, next) {
      const given = next(specifier, context);
      if (!specifier.startsWith('@namm/')) return given;
      const from = (parentURL) => next(specifier, { ...context, parentURL });
      return given.catch((error) =>
        from(places[0]).catch(() => from(places[1])).catch(() => { throw error; }));
    }`;
  const data = [pathToFileURL(command).href, import.meta.url];
  register(`data:text/javascript,${encodeURIComponent(code)}`, { data });
}
