import type { CacheMemory, EvictionPolicy, KVCache, StepOptions } from '@namm/kv-cache';
import { MemoryWatch } from '../memory-watch.js';
import type { SampleTokenizer } from '../prepare-sample.js';
import type { AnsweringModel, SampleScore } from '../score-samples.js';
import { toPrompt } from '../to-prompt.js';
import type { TablePrompt } from './table-prompt.js';

/** A question, and the answer to it: several parts with what stands between them when it is a long one. */
interface Turn {
  readonly text: Int32Array;
  /** Answers and stops, up to the last answer. */
  readonly wanted: Int32Array;
  /** Places in `wanted` that are scored. */
  readonly parts: readonly { readonly from: number; readonly to: number }[];
  /** What is fed behind `wanted`. */
  readonly stop: Int32Array;
}

/**
 * Answers prompts by greedy decoding, with policies evicting as usual. Each question is answered from a fork of the
 * cache; then the question's true answer is fed, so that one mistake does not spoil the next question. A long answer
 * continues from what the model itself wrote. A part is right if its tokens are in the right place. All prompts are
 * decoded together.
 *
 * @param options a signal that stops it between chunks, with the signal's reason
 * @throws whatever the model or a policy throws; all caches are released then, too
 */
export async function generateAnswers(
  model: AnsweringModel,
  items: readonly { readonly prompt: TablePrompt; readonly policy: EvictionPolicy }[],
  tokenizer: SampleTokenizer,
  { signal }: Pick<StepOptions, 'signal'> = {},
): Promise<SampleScore[]> {
  const caches = await Promise.all(items.map(({ policy }) => model.createCache({ policy })));
  try {
    const watches = caches.map((cache) => new MemoryWatch(cache));
    const onProgress = () => {
      for (const watch of watches) watch.look();
    };
    const stepOptions: StepOptions = { onProgress, ...(signal && { signal }) };
    const read = async (indices: readonly number[], idsOf: (i: number) => Int32Array) => {
      const inputs = indices.map((i) => ({ cache: caches[i]!, input: { ids: idsOf(i) } }));
      return model.step(inputs, stepOptions);
    };
    const all = items.map((_, i) => i);
    await read(all, (i) => items[i]!.prompt.prepared.context);
    const atAnswer: CacheMemory[] = caches.map((cache) => cache.memory());
    const turns = items.map(({ prompt }) => turnsOf(prompt, tokenizer));
    const scores: number[][] = items.map(() => []);
    for (let turn = 0; turn < Math.max(...turns.map(({ length }) => length)); turn++) {
      const asked = all.filter((i) => turns[i]![turn] !== undefined);
      const of = (i: number) => turns[i]![turn]!;
      const first = await read(asked, (i) => of(i).text);
      const forks = asked.map((i) => caches[i]!.fork());
      const firstIds = first.map(({ logits }) => indexOfLargest(logits));
      const lengths = asked.map((i) => of(i).wanted.length);
      const written = await decode(model, forks, firstIds, lengths, signal);
      for (const [place, i] of asked.entries()) {
        const isRight = (at: number) => written[place]![at] === of(i).wanted[at];
        const scoreOf = ({ from, to }: { readonly from: number; readonly to: number }) =>
          Array.from({ length: to - from }, (_, k) => from + k).every(isRight) ? 1 : 0;
        scores[i]!.push(...of(i).parts.map(scoreOf));
      }
      await read(asked, (i) => Int32Array.from([...of(i).wanted, ...of(i).stop]));
    }
    return items.map((_, i) => ({
      questions: scores[i]!,
      logProbabilities: [],
      memory: watches[i]!.summary(atAnswer[i]!),
    }));
  } finally {
    for (const cache of caches) await cache.release();
  }
}

/** Writes `lengths[i]` tokens behind each cache, the first of which is known; the caches are released. */
async function decode(
  model: AnsweringModel,
  caches: readonly KVCache[],
  first: readonly number[],
  lengths: readonly number[],
  signal: AbortSignal | undefined,
): Promise<number[][]> {
  const written = first.map((id) => [id]);
  try {
    for (;;) {
      const open = caches.flatMap((_, i) => (written[i]!.length < lengths[i]! ? [i] : []));
      if (open.length === 0) return written;
      const items = open.map((i) => ({
        cache: caches[i]!,
        input: { ids: Int32Array.of(written[i]!.at(-1)!) },
      }));
      const results = await model.step(items, { onProgress() {}, ...(signal && { signal }) });
      for (const [place, i] of open.entries()) {
        written[i]!.push(indexOfLargest(results[place]!.logits));
      }
    }
  } finally {
    for (const cache of caches) await cache.release();
  }
}

/** The questions of a prompt; parts that go on with the answer before them belong to its question. */
function turnsOf({ sample }: TablePrompt, tokenizer: SampleTokenizer): Turn[] {
  const encode = (text: string) => Array.from(tokenizer.encode(text, { addSpecialTokens: false }));
  const turns: {
    text: number[];
    wanted: number[];
    parts: Turn['parts'][number][];
    stop: number[];
  }[] = [];
  for (const { text, answer, stop } of toPrompt(sample).questions) {
    if (text !== '') turns.push({ text: encode(text), wanted: [], parts: [], stop: [] });
    const turn = turns.at(-1)!;
    turn.wanted.push(...turn.stop);
    const from = turn.wanted.length;
    turn.wanted.push(...encode(answer));
    turn.parts.push({ from, to: turn.wanted.length });
    turn.stop = encode(stop);
  }
  return turns.map(({ text, wanted, parts, stop }) => ({
    text: Int32Array.from(text),
    wanted: Int32Array.from(wanted),
    parts,
    stop: Int32Array.from(stop),
  }));
}

/** Index of the largest number; the first of equal ones. */
function indexOfLargest(numbers: Float32Array): number {
  let best = 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i]! > numbers[best]!) best = i;
  return best;
}
