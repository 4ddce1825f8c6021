import { completeText, Decoder, type DecoderOptions, type Tokenizer } from '@namm/decoder';
import type { EvictionPolicy } from '@namm/kv-cache';
import { endsOf, longestAnswer } from './ask.js';
import type { PlantedPrompt } from './planted-prompts.js';

/** Shows one answer as it is written. */
export async function streamAnswer(
  folder: string,
  tokenizer: Tokenizer,
  decoderOptions: DecoderOptions,
  prompt: PlantedPrompt,
  policy: EvictionPolicy,
  signal: AbortSignal,
): Promise<void> {
  const decoder = await Decoder.load(folder, { ...decoderOptions, probe: policy.probe });
  const cache = decoder.createCache({ policy });
  const ids = tokenizer.encode(prompt.context);
  await decoder.step([{ cache, input: { ids }, outputs: 'none' }], { signal });
  const question = prompt.questions[0]!;
  const { text, answer } = question;
  const planted = prompt.sample.segments
    .filter((segment) => segment.kind === 'fact' && segment.questions?.includes(0))
    .map((segment) => segment.text.trim());
  console.log(
    `\nOne answer with "${policy.name}", as it is written. Planted: ${planted.join(' ')}`,
  );
  process.stdout.write(`${text.trim()} ...`);
  const options = { maxNewTokens: longestAnswer, stop: endsOf(question), addSpecialTokens: false };
  for await (const piece of completeText(decoder, tokenizer, cache, text, { ...options, signal })) {
    process.stdout.write(piece);
  }
  process.stdout.write(`\n(wanted: ${answer.trim()})\n`);
  await decoder.release();
}
