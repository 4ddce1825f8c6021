import { basename } from 'node:path';
import { counted } from '@namm/core';
import {
  completeText,
  Decoder,
  loadTokenizer,
  PositionLimitError,
  retentionTexts,
  type WeightDtype,
} from '@namm/decoder';
import {
  type CacheDtype,
  type DecideAfter,
  type EvictionPolicy,
  positionsFor,
  RetentionRecorder,
} from '@namm/kv-cache';
import { Interruption } from './interruption.js';
import { jsonText } from './json-text.js';
import { describeMemory, memoryFigures } from './memory-figures.js';
import { type RopeScalingOptions, ropeScalingOf } from './rope-scaling-options.js';
import { type SamplingOptions, samplingOf } from './sampling-options.js';
import { StatusLine } from './status-line.js';
import { writeRetention } from './write-retention.js';

/** What the options of a command say of an answer. */
export interface AnswerOptions extends SamplingOptions, RopeScalingOptions {
  /** A folder, or a GGUF file. */
  readonly model: string;
  readonly prompt: string;
  readonly policy: EvictionPolicy;
  readonly budget?: string | undefined;
  readonly seed: number;
  readonly maxTokens: number;
  /** Whether the prompt goes through the model's chat template as a user's message. */
  readonly chat?: boolean | undefined;
  /** Compact positions, for text of any length; where it is left out, when a bounded cache needs them. */
  readonly compact?: boolean | undefined;
  /** Tokens read at once. @defaultValue 256, or as few as the positions of the model leave room for */
  readonly chunk?: number | undefined;
  readonly threads?: number | undefined;
  readonly dtype?: WeightDtype | undefined;
  readonly cacheDtype?: CacheDtype | undefined;
  readonly decideAfter?: DecideAfter | undefined;
  /** File for what each head kept. */
  readonly retention?: string | undefined;
  /** Whether one object of JSON is printed in the end instead of the answer as it is written. */
  readonly json?: boolean | undefined;
  readonly signal: AbortSignal;
}

/**
 * Streams an answer from the user's own model and text to standard output; the figures go to standard error. When it is
 * interrupted, the figures and the record are those of what was done until then.
 */
export async function answerPrompt(options: AnswerOptions): Promise<void> {
  const { policy, seed, signal, json, chat = false, threads, dtype, cacheDtype } = options;
  const status = new StatusLine();
  status.show('reading the tokenizer');
  const tokenizer = await loadTokenizer(options.model);
  const prompt = chat
    ? tokenizer.applyChatTemplate([{ role: 'user', content: options.prompt }], {
        addGenerationPrompt: true,
      })
    : options.prompt;
  status.show(`loading ${options.model}`);
  const load = (chunkSize = options.chunk) =>
    Decoder.load(options.model, {
      ...{ probe: policy.probe, ropeScaling: ropeScalingOf(options) },
      ...(chunkSize && { chunkSize }),
      ...(threads && { threads }),
      ...(dtype && { dtype }),
      ...(cacheDtype && { cacheDtype }),
    });
  let decoder = await load();
  const recorder = options.retention ? new RetentionRecorder({ scores: 'last' }) : null;
  const length = tokenizer.encode(prompt, { addSpecialTokens: !chat }).length;
  const positions = chosenPositions(options, decoder, length, status);
  const room = Math.ceil(decoder.spec.maximumPositions / 4);
  if (positions === 'compact' && options.chunk === undefined && decoder.chunkSize > room) {
    // Gaps are closed between chunks: one must fit beside what is kept. Such models are small, and load at once.
    await decoder.release();
    decoder = await load(room);
  }
  const cache = decoder.createCache({
    ...{ policy, positions },
    ...(options.decideAfter && { decideAfter: options.decideAfter }),
    ...(recorder && { recorder }),
  });
  const ids: number[] = [];
  let text = '';
  let isInterrupted = false;
  let limit: string | null = null;
  const start = performance.now();
  let firstPiece: number | null = null;
  try {
    const pieces = completeText(decoder, tokenizer, cache, prompt, {
      ...{ maxNewTokens: options.maxTokens, addSpecialTokens: !chat, seed, signal },
      sampling: samplingOf(options),
      onToken: (id) => ids.push(id),
      onProgress: ({ done, total }) => {
        status.show(`read ${done} of ${total} tokens`);
        if (done < total || firstPiece !== null) return;
        firstPiece = performance.now();
        const seconds = ((firstPiece - start) / 1000).toFixed(1);
        status.finish(`read ${counted(total, 'token')} in ${seconds} s`);
      },
    });
    for await (const piece of pieces) {
      text += piece;
      if (!json) process.stdout.write(piece);
    }
  } catch (error) {
    if (error instanceof Interruption) isInterrupted = true;
    else if (error instanceof PositionLimitError && text !== '') limit = error.message;
    else throw error;
  } finally {
    if (!json && text !== '') process.stdout.write('\n');
  }
  const writing = firstPiece === null ? 0 : (performance.now() - firstPiece) / 1000;
  const written = Math.max(0, ids.length - length);
  const figures = memoryFigures(cache.memory());
  if (json) {
    const reading = ((firstPiece ?? performance.now()) - start) / 1000;
    const seconds = { reading, writing };
    const report = {
      policy: policy.name,
      text,
      promptTokens: length,
      ...figures,
      written,
      seconds,
    };
    console.log(jsonText({ ...report, positions, isInterrupted }));
  }
  const rate =
    writing > 0 ? `about ${(written / writing).toFixed(1)} tokens/s written` : 'nothing written';
  status.finish(`${policy.name}: ${rate}; ${describeMemory(figures)}`);
  if (limit !== null) status.finish(`the answer ends here. ${limit}`);
  if (positions === 'absolute' && figures.seen >= decoder.spec.maximumPositions) {
    status.finish(`the answer ends here: the model has only ${figures.seen} positions`);
  }
  if (options.retention && recorder && figures.seen > 0) {
    const notes = {
      ...(options.budget ? { budget: options.budget } : {}),
      folder: basename(options.model),
    };
    const texts = retentionTexts(tokenizer, ids.slice(0, figures.seen), length);
    const record = recorder.record({ ...texts, notes });
    await writeRetention(options.retention, record);
    status.finish(`what each head kept is in ${options.retention}`);
  }
  await decoder.release();
  if (isInterrupted) throw new Interruption();
}

/** Those that the options name; where they name none, as the length asks for. */
function chosenPositions(
  { budget, compact, maxTokens }: AnswerOptions,
  decoder: Decoder,
  length: number,
  status: StatusLine,
): 'absolute' | 'compact' {
  if (compact !== undefined) return compact ? 'compact' : 'absolute';
  const { maximumPositions } = decoder.spec;
  const positions = positionsFor(budget, length + maxTokens, maximumPositions);
  if (positions === 'compact') {
    status.finish(
      `${length} tokens and an answer are more than the model's ${maximumPositions} positions: positions are compact`,
    );
  }
  return positions;
}
