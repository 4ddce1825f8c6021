import { basename } from 'node:path';
import { StatusLine } from '@namm/cli';
import { completeText, Decoder, type DecoderOptions, loadTokenizer } from '@namm/decoder';
import { type BudgetInput, createPolicy, RetentionRecorder } from '@namm/kv-cache';
import { loadNamm } from '@namm/namm';
import { describeRun, writeRetention } from './write-retention.js';

export interface AnswerOptions {
  readonly model: string;
  readonly prompt: string;
  readonly policy: string;
  /** The NAMM that is the policy. */
  readonly checkpoint?: string;
  readonly budget?: BudgetInput;
  readonly seed: number;
  readonly maxNewTokens: number;
  /** Whether the prompt goes through the model's chat template as a user's message. */
  readonly chat: boolean;
  readonly decoder: DecoderOptions;
  /** File for what each head kept. */
  readonly retention?: string;
  readonly signal: AbortSignal;
}

/** Streams an answer from the user's own model and text to standard output; the figures go to standard error. */
export async function answerPrompt(options: AnswerOptions): Promise<void> {
  const { budget, seed, signal } = options;
  const limit = budget === undefined ? {} : { budget };
  const policy = options.checkpoint
    ? await loadNamm({ checkpoint: options.checkpoint, ...limit })
    : createPolicy(options.policy, { seed, ...limit });
  const tokenizer = await loadTokenizer(options.model);
  const decoder = await Decoder.load(options.model, { ...options.decoder, probe: policy.probe });
  const recorder = options.retention ? new RetentionRecorder({ scores: 'last' }) : null;
  const cache = decoder.createCache({ policy, ...(recorder ? { recorder } : {}) });
  const ids: number[] = [];
  const message = { role: 'user', content: options.prompt };
  const prompt = options.chat
    ? tokenizer.applyChatTemplate([message], { addGenerationPrompt: true })
    : options.prompt;
  const status = new StatusLine();
  const start = performance.now();
  let firstPiece = start;
  let promptTokens = 0;
  const pieces = completeText(decoder, tokenizer, cache, prompt, {
    maxNewTokens: options.maxNewTokens,
    addSpecialTokens: !options.chat,
    onToken: (id) => ids.push(id),
    signal,
    onProgress: ({ done, total }) => {
      status.show(`read ${done} of ${total} tokens`);
      if (done === total) {
        firstPiece = performance.now();
        promptTokens = total;
        const seconds = (firstPiece - start) / 1000;
        status.finish(`read ${total} tokens in ${seconds.toFixed(1)} s`);
      }
    },
  });
  for await (const piece of pieces) process.stdout.write(piece);
  process.stdout.write('\n');
  const { rows, keptPerHead, bytes, seen } = cache.memory();
  const written = seen - promptTokens + 1;
  const rate = (written / (performance.now() - firstPiece)) * 1000;
  const kept = Math.round(rows / keptPerHead.flat().length);
  const megabytes = (bytes.used + bytes.positions + bytes.policy) / 1e6;
  const peak = process.resourceUsage().maxRSS / 1024;
  status.finish(
    `${policy.name}: about ${rate.toFixed(1)} tokens/s written; kept ${kept} of ${seen} tokens per head, ${megabytes.toFixed(2)} MB of cache, ${peak.toFixed(0)} MB resident at most`,
  );
  if (seen === decoder.spec.maximumPositions) {
    status.finish(`the answer ends here: the model has only ${seen} positions`);
  }
  if (options.retention && recorder) {
    const notes = {
      ...(budget ? { budget: String(budget) } : {}),
      folder: basename(options.model),
    };
    const record = describeRun(recorder, tokenizer, ids.slice(0, seen), promptTokens, notes);
    await writeRetention(options.retention, record);
    status.finish(`what each head kept is in ${options.retention}`);
  }
  await decoder.release();
}
