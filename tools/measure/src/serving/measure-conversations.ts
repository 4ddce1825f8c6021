import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine, type EngineOptions } from '@namm/serve';
import { randomPrompt } from '../measuring/random-prompt.js';
import { GreedyWriter } from './greedy-writer.js';

export interface ConversationsRequest {
  readonly folder: string;
  /** Positions over those that the model was trained for. */
  readonly ropeFactor: number;
  readonly conversations: number;
  /** Tokens of the first prompt of each. */
  readonly tokens: number;
  /** Conversations that the memory holds. */
  readonly room: number;
  readonly threads: number;
}

export interface ConversationsResult {
  /** Of all answers of both turns. */
  readonly equal: number;
  /** Answers that differ although no token's lead was below .001. */
  readonly mixedUp: number;
  readonly answers: number;
  /** Bytes. */
  readonly limit: number;
  readonly mostCacheBytes: number;
  readonly samples: number;
  readonly idleResident: number;
  readonly mostResident: number;
  readonly spills: number;
  /** Tokens of second turns that were not read again, of all. */
  readonly reused: number;
  readonly promptTokens: number;
  readonly seconds: number;
}

/** Tokens of an answer, and of what is said next. */
const [written, said] = [8, 24];

/**
 * Lets many conversations of two turns share a memory that holds a few, and compares each with itself alone.
 *
 * @throws whatever the engine throws
 */
export async function measureConversations(
  request: ConversationsRequest,
  onProgress: (text: string) => void,
): Promise<ConversationsResult> {
  const { conversations, tokens, room, threads, ropeFactor } = request;
  const scratch = await mkdtemp(join(tmpdir(), 'namm-conversations-'));
  const load = (options: Partial<EngineOptions>) =>
    Engine.load(request.folder, {
      ...{ memoryLimit: 1e12, folder: null, maxQueue: conversations },
      policyModule: import.meta.resolve('@namm/kv-cache'),
      decoder: { threads, ropeScaling: { kind: 'ntk', factor: ropeFactor } },
      ...options,
    });
  const converse = async (engine: Engine, seed: number) => {
    const vocabulary = engine.model.spec.vocabularySize!;
    const policy = await engine.choosePolicy('full', null);
    const answers: { ids: readonly number[]; margin: number }[] = [];
    let ids = randomPrompt(tokens, vocabulary, seed);
    let id = '';
    for (let turn = 0; turn < 2; turn++) {
      const writer = new GreedyWriter(written);
      const result = await engine.run({
        ...{ ids: Int32Array.from(ids), policy, maxNewTokens: written, writers: [writer] },
      });
      id = result.conversations[0]!.id;
      answers.push(writer);
      ids = [...ids, ...writer.ids, ...randomPrompt(said, vocabulary, seed + 1e6)];
    }
    return { answers, id };
  };
  try {
    const alone = await load({});
    const expected: Awaited<ReturnType<typeof converse>>['answers'][] = [];
    let each = 0;
    for (let seed = 0; seed < conversations; seed++) {
      const { answers, id } = await converse(alone, seed);
      expected.push(answers);
      each = Math.max(each, await alone.cacheBytes());
      await alone.drop(id);
      for (const { id: other } of alone.conversations()) await alone.drop(other);
      onProgress(`${seed + 1} of ${conversations} conversations alone`);
    }
    await alone.close(0);
    const limit = Math.ceil(each * room);
    const engine = await load({ memoryLimit: limit, folder: scratch });
    await converse(engine, conversations + 1); // code is compiled, and arenas are made
    for (const { id } of engine.conversations()) await engine.drop(id);
    const idleResident = process.memoryUsage.rss();
    let [mostCacheBytes, mostResident, samples, isOver] = [0, 0, 0, false];
    const watch = (async () => {
      while (!isOver) {
        mostCacheBytes = Math.max(mostCacheBytes, await engine.cacheBytes());
        mostResident = Math.max(mostResident, process.memoryUsage.rss());
        samples++;
        await sleep(20);
      }
    })();
    const start = performance.now();
    let done = 0;
    const together = await Promise.all(
      expected.map(async (_, seed) => {
        const { answers } = await converse(engine, seed);
        onProgress(`${++done} of ${conversations} conversations together`);
        return answers;
      }),
    ).finally(() => {
      isOver = true;
    });
    await watch;
    const seconds = (performance.now() - start) / 1000;
    const pairs = together.flatMap((answers, i) =>
      answers.map(({ ids, margin }, turn) => {
        const other = expected[i]![turn]!;
        return { isEqual: ids.join() === other.ids.join(), margin: Math.min(margin, other.margin) };
      }),
    );
    const { figures } = engine;
    const result = {
      equal: pairs.filter(({ isEqual }) => isEqual).length,
      mixedUp: pairs.filter(({ isEqual, margin }) => !isEqual && margin > 1e-3).length,
      ...{ answers: pairs.length, limit, mostCacheBytes, samples, idleResident, mostResident },
      ...{ spills: figures.spills, reused: figures.reusedTokens },
      ...{ promptTokens: figures.promptTokens, seconds },
    };
    await engine.close(0);
    return result;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
