import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PolicyModuleError } from '@namm/decoder';
import { KVCache } from '@namm/kv-cache';
import { inFolder } from '@namm/testing';
import { InvalidArgumentError } from 'commander';
import { expect, it } from 'vitest';
import { isOwnPolicy, loadOwnPolicy, ownPolicyName, policyFrom } from './own-policy.js';

const head = { keyValueHeads: 1, queryHeads: 1, headSize: 1, window: null };
const shape = { model: 'any', layers: [head] };

/** One token more. */
async function pass(cache: KVCache, kind = 'none'): Promise<void> {
  const numbers = Float32Array.of(1);
  const heads = [new Float64Array(cache.length(0, 0) + 1)];
  const observations = kind === 'none' ? [] : [{ kind: 'columnSums', heads } as const];
  await cache.update({ count: 1, rows: [{ keys: numbers, values: numbers }], observations });
}

/** A policy that keeps the newest rows, with methods that can be changed. */
const code = (changes = '') => `
export const newest = ({ budget = 2 } = {}) => {
  const state = () => ({
    observe() {},
    select: async (view) => [[Uint32Array.from({ length: Math.min(budget, view.length(0, 0)) }, (_, i) =>
      Math.max(0, view.length(0, 0) - budget) + i)]],
    retain() {},
    fork: state,
    save: () => new Map(),
    bytes: 0,
    ${changes}
  });
  return { name: 'newest', settings: { budget }, probe: { kind: 'none' }, start: state, restore: state };
};
export const text = 'no function';
`;

it('tells names of policies from files', () => {
  for (const text of ['./a.js#b', 'a.mjs#default', '/x/y z.cjs#$_1', '..\\\\a.js#b']) {
    expect(isOwnPolicy(text)).toBe(true);
    expect(ownPolicyName(text)).toBe(text);
    expect(policyFrom(['h2o'])(text)).toBe(text);
  }
  expect(policyFrom(['h2o'])('h2o')).toBe('h2o');
  const refused = [
    ['h2o', "'h2o' is not of the form FILE.js#NAME"],
    ['#b', "'#b' is not of the form FILE.js#NAME"],
    ['', "'' is not of the form FILE.js#NAME"],
    ['./a.js', "'./a.js' is a file; name what it exports too: ./a.js#NAME"],
    ['./a.js#', "'./a.js#' is a file; name what it exports too: ./a.js#NAME"],
    ['./a.ts#b', "'./a.ts#b' is TypeScript; compile it: FILE.js#NAME"],
    ['./a.txt#b', "'./a.txt#b' is not a JavaScript file; write FILE.js#NAME"],
    ['./a.js#b-c', "'./a.js#b-c' names no export; write FILE.js#NAME"],
  ] as const;
  for (const [text, problem] of refused) {
    expect(isOwnPolicy(text)).toBe(false);
    expect(() => ownPolicyName(text)).toThrow(new InvalidArgumentError(problem));
  }
  const policy = policyFrom(['full', 'h2o', 'namm']);
  expect(() => policy('h2')).toThrow(
    new InvalidArgumentError("'h2' is none of full, h2o, namm, FILE.js#NAME; did you mean 'h2o'?"),
  );
  for (const [text, advice] of [
    ['./a.js', 'name what it exports too: ./a.js#NAME'],
    ['h2o@25%', 'write --budget 25%'],
    ['h2o:512', 'write --budget 512'],
    ['namm:a.safetensors', 'write --policy namm --checkpoint a.safetensors'],
    ['a.safetensors', 'write --policy namm --checkpoint a.safetensors'],
  ] as const) {
    expect(() => policy(text)).toThrow(advice);
  }
});

it('calls the function with a budget, and tells one state of the file from another', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'mine.mjs');
    await writeFile(file, code());
    const policy = await loadOwnPolicy(`${file}#newest`, { budget: 3 });
    expect(policy).toMatchObject({ name: 'mine.mjs#newest', probe: { kind: 'none' } });
    expect(policy.settings).toMatchObject({ name: 'newest', settings: { budget: 3 } });
    const cache = new KVCache(shape, { policy });
    for (let i = 0; i < 5; i++) await pass(cache);
    expect([...cache.tokens(0, 0)]).toEqual([2, 3, 4]);
    const other = join(folder, 'other.mjs');
    await writeFile(other, `${code()}\n// changed`);
    const changed = await loadOwnPolicy(`${other}#newest`, { budget: 3 });
    expect(changed.settings).not.toEqual(policy.settings);
  }));

it.each([
  [
    'observe',
    'observe() { null.x; },',
    /^TypeError: Cannot read properties of null.* \(line 11\)$/,
  ],
  ['select', "select: () => { throw new Error('boom'); },", /^Error: boom \(line 11\)$/],
  ['select', "select: async () => { throw 'a text'; },", /^a text$/],
  ['retain', 'retain() { undefined(); },', /^TypeError: undefined is not a function \(line 11\)$/],
])('names file, export and cause when %s throws in the middle of a run', (method, change, said) =>
  inFolder(async (folder) => {
    const file = join(folder, 'mine.mjs');
    const kind = method === 'observe' ? 'columnSums' : 'none';
    await writeFile(file, code(change).replace("kind: 'none'", `kind: '${kind}'`));
    const cache = new KVCache(shape, { policy: await loadOwnPolicy(`${file}#newest`) });
    const update = async () => {
      for (let i = 0; i < 3; i++) await pass(cache, kind);
    };
    const error = await update().then(
      () => null,
      (thrown) => thrown as Error,
    );
    expect(error).toBeInstanceOf(PolicyModuleError);
    const start = `The policy's module ${file}: 'newest' failed in ${method}: `;
    expect(error!.message.slice(0, start.length)).toBe(start);
    expect(error!.message.slice(start.length)).toMatch(said);
  }),
);
