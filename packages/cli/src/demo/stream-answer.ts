import { answerEnds, type Complete, type PlantedPrompt } from '@namm/benchmarks';
import type { Decoder, Tokenizer } from '@namm/decoder';
import type { EvictionPolicy, KVCache } from '@namm/kv-cache';

/** Shows the answer to a prompt's first question as it is written. */
export async function streamAnswer(
  decoder: Decoder,
  { context, questions, firstFacts }: PlantedPrompt,
  options: {
    readonly policy: EvictionPolicy;
    readonly tokenizer: Tokenizer;
    readonly complete: Complete<KVCache>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { policy, tokenizer, complete, signal } = options;
  const cache = decoder.createCache({ policy });
  const ids = tokenizer.encode(context);
  await decoder.step([{ cache, input: { ids }, outputs: 'none' }], { signal });
  const question = questions[0]!;
  const { text, answer } = question;
  console.log(
    `\nOne answer with "${policy.name}", as it is written. Planted: ${firstFacts.join(' ')}`,
  );
  process.stdout.write(`${text.trim()} ...`);
  for await (const piece of complete(cache, text, answerEnds(question))) {
    process.stdout.write(piece);
  }
  process.stdout.write(`\n(wanted: ${answer.trim()})\n`);
}
