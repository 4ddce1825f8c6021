import { type BenchmarkSample, toPrompt } from '@namm/benchmarks';
import type { Decoder, Tokenizer } from '@namm/decoder';
import type { CacheMemory, EvictionPolicy } from '@namm/kv-cache';

/** What became of one sample. */
export interface SampleScore {
  /** 1 or 0 per question. */
  readonly questions: readonly number[];
  /** The cache when the questions are asked. */
  readonly memory: CacheMemory;
}

/**
 * Teacher-forced exact match: the true answers are fed, and a question is right when each of its answer
 * tokens is the most likely one after the true tokens before it. One pass per sample.
 */
export async function scoreSample(
  decoder: Decoder,
  tokenizer: Tokenizer,
  policy: EvictionPolicy,
  sample: BenchmarkSample,
): Promise<SampleScore> {
  const { context, questions } = toPrompt(sample);
  const cache = decoder.createCache({ policy });
  const ids = tokenizer.encode(context);
  await decoder.step([{ cache, input: { ids }, outputs: 'none' }]);
  const memory = cache.memory();

  const tail: number[] = [];
  /** Places in the tail of each question's answer tokens. */
  const answers = questions.map(({ text, answer, stop }) => {
    const encode = (piece: string) => tokenizer.encode(piece, { addSpecialTokens: false });
    tail.push(...encode(text));
    const from = tail.length;
    tail.push(...encode(answer));
    const to = tail.length;
    tail.push(...encode(stop));
    return { from, to };
  });
  const [result] = await decoder.step([{ cache, input: { ids: tail }, outputs: 'all' }]);
  const size = decoder.spec.vocabularySize;
  const isRight = (place: number) => {
    const row = result!.logits.subarray((place - 1) * size, place * size);
    return row[tail[place]!]! >= row.reduce((a, b) => Math.max(a, b));
  };
  const scores = answers.map(({ from, to }) => {
    for (let place = from; place < to; place++) if (!isRight(place)) return 0;
    return 1;
  });
  return { questions: scores, memory };
}
