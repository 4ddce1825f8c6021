import { answerEnds, exactMatch, generateSample, taskFamily, toPrompt } from '@namm/benchmarks';
import { mobyDick } from '@namm/benchmarks/texts';
import { Random } from '@namm/core';
import { loadTokenizer } from '@namm/decoder';
import type { ProtectedSpan } from '@namm/kv-cache';
import { Engine, type Writer } from '@namm/serve';

export interface LongChatRequest {
  readonly folder: string;
  /** Questions about facts of first turns, over all chats. */
  readonly facts: number;
  /** The length of each chat, over the model's positions. */
  readonly times: number;
  /** Tokens that each head may keep. */
  readonly budget: number;
  readonly policy: string;
  readonly threads: number;
}

/** What was right after so many tokens. */
interface LongChatRow {
  readonly seen: number;
  /** Of the facts, with the first turn protected, and without. */
  readonly isProtected: number;
  readonly free: number;
  /** Rows that a head held at most, on average over the heads. */
  readonly held: number;
}

export interface LongChatResult {
  readonly facts: number;
  readonly rows: readonly LongChatRow[];
  /** What the full cache says at its limit, and after how many tokens. */
  readonly full: { readonly seen: number; readonly problem: string };
}

/** Tokens that a turn says, and that it is answered with. */
const [said, written] = [56, 8];

/**
 * Talks on behind facts of a first turn, and asks for them after every doubling of the length.
 *
 * @throws whatever the engine throws
 */
export async function measureLongChat(
  request: LongChatRequest,
  onProgress: (text: string) => void,
): Promise<LongChatResult> {
  const { folder, facts, times, budget, policy: name, threads } = request;
  const tokenizer = await loadTokenizer(folder);
  const encode = (text: string) => tokenizer.encode(text, { addSpecialTokens: false });
  const filler = mobyDick();
  const family = taskFamily('single-document');
  const engine = await Engine.load(folder, {
    ...{ memoryLimit: 1e9, folder: null, policyModule: import.meta.resolve('@namm/kv-cache') },
    decoder: { threads, chunkSize: 16 },
  });
  try {
    const policy = await engine.choosePolicy(name, budget);
    const { maximumPositions } = engine.model.spec;
    const longest = times * maximumPositions;
    const write = async (ids: readonly number[], writer: Writer, spans: ProtectedSpan[]) =>
      await engine.run({
        ...{ ids: Int32Array.from(ids), policy, spans, maxNewTokens: 16, writers: [writer] },
      });
    const ask = async (
      ids: readonly number[],
      question: Parameters<typeof answerEnds>[0],
      spans: ProtectedSpan[],
    ) => {
      const ends = answerEnds(question);
      let text = '';
      let count = 0;
      const stream = tokenizer.stream();
      const next = (logits: Float32Array) => {
        const id = logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));
        text += stream.push(id);
        return ++count === 16 || ends.some((end) => text.includes(end)) ? null : id;
      };
      await write([...ids, ...encode(question.text)], { next }, spans);
      const end = Math.min(
        ...ends.map((one) => text.indexOf(one)).filter((at) => at >= 0),
        text.length,
      );
      return exactMatch(text.slice(0, end), question.answer) === 1;
    };
    const rows = new Map<number, { isProtected: number; free: number; held: number }>();
    let asked = 0;
    for (let index = 0; asked < facts; index++) {
      const sample = generateSample({
        ...{ family, length: 112, split: 'test', seed: 1, index, filler },
        countTokens: (text: string) => encode(text).length,
      });
      const told = sample.segments.filter(({ kind }) => kind === 'fact').map(({ text }) => text);
      const questions = toPrompt(sample).questions.slice(0, facts - asked);
      const words: number[] = [];
      for (const piece of filler.passage('prose', 'test', new Random(2, index)).pieces()) {
        words.push(...encode(piece));
        if (words.length > longest) break;
      }
      for (const isProtected of [true, false]) {
        const first = [
          ...(tokenizer.bosId === null ? [] : [tokenizer.bosId]),
          ...encode(told.join('')),
        ];
        const spans: ProtectedSpan[] = [{ start: 0, end: isProtected ? first.length : 4 }];
        let ids = first;
        let at = 0;
        for (let length = maximumPositions / 2; length <= longest; length *= 2) {
          if (length > longest / 2 && length < longest) length = longest;
          let held = 0;
          while (ids.length < length) {
            ids = [...ids, ...words.slice(at, at + said)];
            at += said;
            const answer: number[] = [];
            const next = (logits: Float32Array) => {
              const id = logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));
              return answer.push(id) < written ? id : null;
            };
            const { conversations } = await write(ids, { next }, spans);
            held = Math.max(held, conversations[0]!.held);
            ids = [...ids, ...answer];
          }
          const row = rows.get(length) ?? { isProtected: 0, free: 0, held: 0 };
          rows.set(length, row);
          row.held = Math.max(row.held, held);
          for (const question of questions) {
            if (await ask(ids, question, spans)) row[isProtected ? 'isProtected' : 'free']++;
          }
          for (const { id } of engine.conversations().slice(8)) await engine.drop(id);
        }
      }
      asked += questions.length;
      onProgress(`${asked} of ${facts} facts`);
    }
    const all = [...rows].map(([seen, row]) => ({ seen, ...row })).sort((a, b) => a.seen - b.seen);
    return { facts: asked, rows: all, full: await fill(engine, maximumPositions) };
  } finally {
    await engine.close(0);
  }
}

/** Writes with a full cache until the model's positions are used up. */
async function fill(engine: Engine, positions: number): Promise<LongChatResult['full']> {
  const policy = await engine.choosePolicy('full', null);
  let seen = 0;
  const next = () => {
    seen++;
    return 5;
  };
  const problem = await engine
    .run({ ids: Int32Array.of(5), policy, maxNewTokens: 4 * positions, writers: [{ next }] })
    .then(
      () => 'none',
      (error: Error) => error.message,
    );
  return { seen, problem };
}
