import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CmaEs, RestartingCmaEs, SearchSpace } from '@namm/cma-es';
import { InvalidArgumentError } from '@namm/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { optionsOfModels } from './options-of-models.js';
import { type OptionTaker, publicOptions } from './public-options.js';

const root = join(import.meta.dirname, '../../..');

const linear = { kind: 'linear', features: 25, visible: [0, 8], bias: false };
const ipop = { kind: 'ipop' } as const;
const rates = new SearchSpace({ rate: { kind: 'linear', low: 0, high: 1 } });
const search = { mean: [0, 0], sigma: 1, seed: 1 };

/** What stands before the options, and options that are needed, where a call without them is refused for that. */
const needed: Readonly<
  Record<
    string,
    () => readonly [before: readonly unknown[], options?: object, after?: readonly unknown[]]
  >
> = {
  createScorer: () => [[], linear],
  parameterSlices: () => [[], linear],
  checkSettings: () => [[], linear],
  parameterCount: () => [[], linear],
  parameterLayout: () => [[], linear],
  slowScores: () => [[], linear],
  'CmaEs.load': () => [[new CmaEs(search).save()]],
  'optimise 1': () => [[() => 0], search],
  'optimise 2': () => [[() => 0, search]],
  'new RestartingCmaEs 0': () => [[], search, [ipop]],
  'new RestartingCmaEs 1': () => [[search], ipop],
  'RestartingCmaEs.load 1': () => [[new RestartingCmaEs(search, ipop).save()], search, [ipop]],
  'RestartingCmaEs.load 2': () => [[new RestartingCmaEs(search, ipop).save(), {}], ipop],
  'SearchSpace.load': () => [[new CmaEs({ ...search, mean: [0] }).save()]],
  createEnvironment: () => [[], { name: 't-maze' }],
  createMemoryTask: () => [[], { name: 't-maze' }],
};

/** Objects for methods that look into theirs first. */
const instances: Readonly<Record<string, () => object>> = {
  RestartingCmaEs: () => new RestartingCmaEs(search, ipop),
  SearchSpace: () => rates,
};

/** Those that need a model, a file or a run to get to their options, and the test of their package that has one. */
const elsewhere: Readonly<Record<string, string>> = {
  'NammModelForCausalLM.generate': 'packages/cache-text/test/bad-input.test.ts',
  loadNamm: 'packages/namm/src/option-names.test.ts',
  'new KVCache': 'packages/kv-cache/src/option-names.test.ts',
  'WorkerCache.retention': 'packages/decoder/test/worker.slow.test.ts',
};

/** Data whose fields may be absent; nothing is an option there. */
const isData = new Set([
  ...['isMemoryTask', 'isBetter', 'hasCompactPositions', 'normalisedFeatures', 'gpt2Backbone'],
  ...['ConfigReader.number', 'parametersOf', 'createTrainable'],
]);

const nameOf = ({ exported, member }: OptionTaker) =>
  member === null
    ? exported
    : member === 'constructor'
      ? `new ${exported}`
      : `${exported}.${member}`;

let onModels: Awaited<ReturnType<typeof optionsOfModels>>;
beforeAll(async () => {
  onModels = await optionsOfModels();
});
afterAll(() => onModels.release());

/** Calls it with nothing but options, of which one does not exist. */
async function refusal(taker: OptionTaker): Promise<unknown> {
  const onModel =
    onModels.calls[`${nameOf(taker)} ${taker.place}`] ?? onModels.calls[nameOf(taker)];
  if (onModel !== undefined) {
    try {
      return (await onModel({ unknwon: 1 })) ?? null;
    } catch (error) {
      return error;
    }
  }
  const { [taker.exported]: exported } = (await import(taker.file)) as Record<string, unknown>;
  const name = nameOf(taker);
  const [before, options, after = []] = (needed[`${name} ${taker.place}`] ?? needed[name])?.() ?? [
    Array.from({ length: taker.place }, () => ({})),
  ];
  const args = [...before, { ...options, unknwon: 1 }, ...after];
  try {
    const call = () => {
      if (taker.member === 'constructor')
        return new (exported as new (...a: unknown[]) => unknown)(...args);
      if (taker.member === null) return (exported as (...a: unknown[]) => unknown)(...args);
      const holder = exported as unknown as { prototype: object };
      const make = instances[taker.exported] ?? (() => Object.create(holder.prototype) as object);
      const self = taker.isStatic ? holder : make();
      return (self as Record<string, (...a: unknown[]) => unknown>)[taker.member]!(...args);
    };
    const result = call() as AsyncGenerator | undefined;
    await (typeof result?.next === 'function' ? result.next() : result);
    return null;
  } catch (error) {
    return error;
  }
}

describe('public options', () => {
  const takers = publicOptions().filter((taker) => !isData.has(nameOf(taker)));

  it.each(takers.map((taker) => [nameOf(taker), taker] as const))(
    '%s refuses another name',
    async (name, taker) => {
      const test = elsewhere[name];
      if (test !== undefined) {
        expect(readFileSync(join(root, test), 'utf8')).toContain(taker.exported);
        return;
      }
      const error = await refusal(taker);
      expect(error).toBeInstanceOf(InvalidArgumentError);
      expect((error as Error).message).toMatch(/^unknwon: is not an option of /);
    },
  );

  it('are those of the list', async () => {
    const test = (name: string) => elsewhere[name] ?? 'here';
    const rows = takers.map((taker) => {
      const name = nameOf(taker);
      return `${taker.package}: ${name}: ${taker.options.join(', ')}: ${test(name)}`;
    });
    const lines = [
      'Every public function, constructor and method that takes options: package, name, options, and the test that shows that it',
      'refuses names that it does not know. "here" is public-options.test.ts, which writes this list (vitest -u).',
      '',
      ...rows,
    ];
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('public-options.txt');
  });
});
