import { resolve } from 'node:path';
import type { TextStreamer } from '@huggingface/transformers';
import type { Runtime, RuntimeOptions } from './runtime.js';

/** transformers.js on the CPU, as its users call it: `generate` with a streamer. */
export async function transformersJsRuntime({
  model: folder,
  threads,
  keepLogits,
}: RuntimeOptions): Promise<Runtime> {
  // Loaded here, because the other commands need neither it nor its image library.
  const { AutoModelForCausalLM, BaseStreamer, env, LogitsProcessor, LogitsProcessorList, Tensor } =
    await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  const model = await AutoModelForCausalLM.from_pretrained(resolve(folder), {
    dtype: 'fp32',
    device: 'cpu',
    session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
  });
  let kept: Float32Array[] = [];
  class KeepLogits extends LogitsProcessor {
    override _call(_: bigint[][], scores: InstanceType<typeof Tensor>) {
      kept.push((scores.data as Float32Array).slice());
      return scores;
    }
  }
  return {
    async generate(prompt, count, onToken) {
      kept = [];
      class Tell extends BaseStreamer {
        #hasPrompt = false;
        override put([ids]: bigint[][]) {
          if (this.#hasPrompt) onToken(Number(ids!.at(-1)));
          this.#hasPrompt = true;
        }
        override end() {}
      }
      const processors = new LogitsProcessorList();
      if (keepLogits) processors.push(new KeepLogits());
      const shape = [1, prompt.length];
      await model.generate({
        input_ids: new Tensor('int64', BigInt64Array.from(prompt, BigInt), shape),
        attention_mask: new Tensor('int64', new BigInt64Array(prompt.length).fill(1n), shape),
        max_new_tokens: count,
        do_sample: false,
        logits_processor: processors,
        // Any BaseStreamer will do; its declaration asks for more than it uses.
        streamer: new Tell() as unknown as TextStreamer,
      });
    },
    logits: async () => kept,
  };
}
