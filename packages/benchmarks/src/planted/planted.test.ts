import { full, h2o, sinkRecent } from '@namm/kv-cache';
import { expect, it } from 'vitest';
import { RecallModel, WordTokenizer } from '../../test/recall-model.js';
import { testFiller } from '../../test/test-filler.js';
import { mobyDick } from '../texts.js';
import { askPolicies } from './ask-policies.js';
import { type AskedPrompt, answerEnds, askPrompt } from './ask-prompt.js';
import { formatTallies } from './format-tallies.js';
import { plantedPrompts } from './planted-prompts.js';
import { tallyAnswers } from './tally-answers.js';

const options = { count: 6, length: 256, seed: 3 };
const tokenizer = new WordTokenizer();

it('plants facts that answer the questions, the same for a seed', () => {
  const prompts = plantedPrompts(testFiller, tokenizer, options);
  expect(prompts).toHaveLength(6);
  for (const { context, questions, firstFacts } of prompts) {
    expect(firstFacts.length).toBeGreaterThan(0);
    for (const fact of firstFacts) expect(context).toContain(fact);
    const lastWord = questions[0]!.answer.trim().split(' ').at(-1)!.replace(/\W/g, '');
    expect(firstFacts.join(' ')).toContain(lastWord);
  }
  const contexts = (seed: number) =>
    plantedPrompts(testFiller, tokenizer, { ...options, seed }).map(({ context }) => context);
  expect(contexts(3)).toEqual(prompts.map(({ context }) => context));
  expect(contexts(4)).not.toEqual(contexts(3));
});

it('ends an answer at its stop, and at marks that it does not hold', () => {
  expect(answerEnds({ text: 'Q: a', answer: ' falcon', stop: '\n' })).toEqual([
    ...['\n', '.', ',', ';', ':', '?', '!', '--'],
  ]);
  const ends = answerEnds({ text: 'Q: a', answer: ' one: lamp; two: tea', stop: '.' });
  expect(ends).toEqual(['.', ',', '?', '!', '--', '\n']);
});

/** Words that follow a prompt's newest mention of the question's last word, if a cache still holds them. */
async function ask(policy: ReturnType<typeof full>, index: number) {
  const model = new RecallModel(4000, 8);
  const caches: { forks: number; released: number } = { forks: 0, released: 0 };
  const createCache: typeof model.createCache = (given) => {
    const count = (cache: ReturnType<typeof model.createCache>) => {
      caches.forks++;
      const { fork, release } = { fork: cache.fork, release: cache.release.bind(cache) };
      cache.fork = () => count(fork());
      cache.release = async () => {
        caches.released++;
        await release();
      };
      return cache;
    };
    return count(model.createCache(given));
  };
  const prompt = plantedPrompts(testFiller, tokenizer, options)[index]!;
  const words = new Map<number, string>();
  const known = `${prompt.context} ${prompt.questions.map(({ answer }) => answer).join(' ')}`;
  for (const word of known.split(/(?=[ .;,\n])/)) words.set(tokenizer.encode(word)[1] ?? 0, word);
  const asked = await askPrompt({ createCache, step: model.step.bind(model) }, prompt, {
    ...{ policy, tokenizer },
    async *complete(cache, text, stop) {
      let ids = tokenizer.encode(text, { addSpecialTokens: false });
      for (let i = 0; i < 6; i++) {
        const [result] = await model.step([{ cache, input: { ids: Int32Array.from(ids) } }]);
        const next = result!.logits.indexOf(Math.max(...result!.logits));
        const word = words.get(next) ?? '';
        if (stop.some((end) => word.includes(end))) return;
        yield word;
        ids = [next];
      }
    },
  });
  return { asked, caches, prompt };
}

it('asks each question from a fork: what is kept is answered, what is evicted is not', async () => {
  const { asked, caches, prompt } = await ask(full(), 0);
  expect(asked.answers).toHaveLength(prompt.questions.length);
  const wanted = prompt.questions.map(({ answer }) => answer.trim());
  expect(asked.right).toBe(asked.answers.filter((answer, i) => answer.trim() === wanted[i]).length);
  expect(asked.right).toBeGreaterThan(0);
  expect(asked.memory.seen).toBe(tokenizer.encode(prompt.context).length);
  expect(asked.tokens).toBeGreaterThan(asked.memory.seen);
  expect(caches).toEqual({ forks: 1 + wanted.length, released: 1 + wanted.length });

  const forgetful = await ask(sinkRecent({ budget: 8, sinks: 1 }), 0);
  expect(forgetful.asked.right).toBe(0);
  expect(Math.max(...forgetful.asked.memory.keptPerHead.flat())).toBeLessThanOrEqual(8);
});

it('releases the caches when a model fails', async () => {
  const model = new RecallModel(4000, 8);
  const caches: ReturnType<typeof model.createCache>[] = [];
  const failing = askPrompt(
    {
      createCache(given) {
        caches.push(model.createCache(given));
        return caches[0]!;
      },
      step: async () => {
        throw new Error('out of memory');
      },
    },
    plantedPrompts(testFiller, tokenizer, options)[0]!,
    { policy: full(), tokenizer, complete: async function* () {} },
  );
  await expect(failing).rejects.toThrow('out of memory');
  expect(() => caches[0]!.fork()).toThrow('released');
});

const askedOf = (right: number, used: number): AskedPrompt => ({
  ...{ answers: ['a', 'b', 'c', 'd'], right, tokens: 150, seconds: 2 },
  memory: {
    ...{
      seen: 100,
      rows: 120,
      keptPerHead: [
        [20, 40],
        [40, 20],
      ],
    },
    bytes: { allocated: 2 * used, shared: 0, sharedPart: 0, used, positions: 10, policy: 5 },
  },
});

it('sums up over prompts', () => {
  const tally = tallyAnswers('h2o', [askedOf(4, 1000), askedOf(1, 3000), askedOf(1, 2000)]);
  expect(tally).toMatchObject({
    ...{ policy: 'h2o', passages: 3, right: 6, questions: 12, kept: 30, seen: 100 },
    ...{ bytes: 2015, tokensPerSecond: 75 },
  });
  const [lower, upper] = tally.interval;
  expect(lower).toBeGreaterThanOrEqual(0.25);
  expect(lower).toBeLessThan(0.5);
  expect(upper).toBeGreaterThan(0.5);
  expect(upper).toBeLessThanOrEqual(1);
});

it('prints a table that says what it is, whose prompts are missing, and whose memory differs', () => {
  const h2o = tallyAnswers('h2o', [askedOf(4, 4000), askedOf(1, 4000)]);
  const namm = tallyAnswers('namm', [askedOf(2, 1000), askedOf(2, 1000)]);
  const text = formatTallies([h2o, namm], { passages: 3, width: 100 });
  expect(text).toMatch(/h2o \(2 passages\) +5\/8 .*30 of 100 +0\.00 +75/);
  expect(text).toMatch(/namm \(2 passages\) +4\/8 +– /); // both went alike: no interval
  expect(text).toContain('the classic policies have 4.0 times the bytes of the NAMM');
  const alone = formatTallies([tallyAnswers('full', [askedOf(4, 1)])], { passages: 1, width: 100 });
  expect(alone).not.toContain('Memory is not equal');
  expect(alone).not.toContain('passages)');
});

it('reads Moby-Dick in plain ASCII', () => {
  const [prompt] = plantedPrompts(mobyDick(), tokenizer, { count: 1, length: 512, seed: 1 });
  expect(prompt!.context).toMatch(/^[\x20-\x7e\n]+$/);
  expect(tokenizer.encode(prompt!.context).length).toBeGreaterThan(400);
});

it('asks policies in groups that share a model, and tells of what an interruption leaves', async () => {
  const prompts = plantedPrompts(testFiller, tokenizer, { ...options, count: 2 });
  const loaded: string[] = [];
  let released = 0;
  const controller = new AbortController();
  const told: string[] = [];
  const ask = (signal?: AbortSignal) =>
    askPolicies({
      ...{ prompts, tokenizer, policies: [full(), h2o({ budget: 64 }), sinkRecent({ budget: 8 })] },
      async load(probe) {
        loaded.push(probe.kind);
        const model = new RecallModel(4000, 8, probe);
        return {
          createCache: (given: Parameters<typeof model.createCache>[0]) => model.createCache(given),
          step: model.step.bind(model),
          release: async () => {
            released++;
          },
        };
      },
      complete: () => async function* () {},
      onProgress: ({ stage, done }) => {
        if (signal && stage === 'sink-recent' && done === 1) controller.abort(new Error('enough'));
        signal?.throwIfAborted();
      },
      onTally: ({ policy, passages }) => told.push(`${policy} ${passages}`),
      ...(signal && { signal }),
    });
  const tallies = await ask();
  expect(loaded).toEqual(['none', 'columnSums']);
  expect(tallies.map(({ policy }) => policy)).toEqual(['full', 'sink-recent', 'h2o']);
  expect(released).toBe(2);
  told.length = 0;
  await expect(ask(controller.signal)).rejects.toThrow('enough');
  expect(told).toEqual(['full 2', 'sink-recent 1']);
  expect(released).toBe(3);
});
