import { basename } from 'node:path';
import { Interruption, StatusLine } from '@namm/cli';
import {
  completeText,
  Decoder,
  type DecoderOptions,
  loadTokenizer,
  PositionLimitError,
  type SamplingSettings,
} from '@namm/decoder';
import { type EvictionPolicy, type KVCache, RetentionRecorder } from '@namm/kv-cache';
import { describeRun, writeRetention } from './write-retention.js';

export interface AnswerOptions {
  /** A folder. */
  readonly model: string;
  readonly prompt: string;
  readonly policy: EvictionPolicy;
  readonly budget?: string;
  readonly seed: number;
  readonly maxNewTokens: number;
  /** Whether the prompt goes through the model's chat template as a user's message. */
  readonly chat: boolean;
  /** Compact positions, for text of any length; where it is left out, when a bounded cache needs them. */
  readonly compact?: boolean;
  readonly sampling: Partial<SamplingSettings>;
  readonly decoder: DecoderOptions;
  /** File for what each head kept. */
  readonly retention?: string;
  /** Whether one object of JSON is printed in the end instead of the answer as it is written. */
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/**
 * Streams an answer from the user's own model and text to standard output; the figures go to standard error. When it is
 * interrupted, the figures and the record are those of what was done until then.
 */
export async function answerPrompt(options: AnswerOptions): Promise<void> {
  const { policy, seed, signal, json } = options;
  const status = new StatusLine();
  status.show('reading the tokenizer');
  const tokenizer = await loadTokenizer(options.model);
  const prompt = options.chat
    ? tokenizer.applyChatTemplate([{ role: 'user', content: options.prompt }], {
        addGenerationPrompt: true,
      })
    : options.prompt;
  status.show(`loading ${options.model}`);
  const decoder = await Decoder.load(options.model, { ...options.decoder, probe: policy.probe });
  const recorder = options.retention ? new RetentionRecorder({ scores: 'last' }) : null;
  const length = tokenizer.encode(prompt, { addSpecialTokens: !options.chat }).length;
  const positions = positionsFor(options, decoder, length, status);
  const cache = decoder.createCache({ policy, positions, ...(recorder && { recorder }) });
  const ids: number[] = [];
  let text = '';
  let isInterrupted = false;
  let limit: string | null = null;
  const start = performance.now();
  let firstPiece: number | null = null;
  try {
    const pieces = completeText(decoder, tokenizer, cache, prompt, {
      ...{ maxNewTokens: options.maxNewTokens, addSpecialTokens: !options.chat, seed, signal },
      sampling: options.sampling,
      onToken: (id) => ids.push(id),
      onProgress: ({ done, total }) => {
        status.show(`read ${done} of ${total} tokens`);
        if (done < total || firstPiece !== null) return;
        firstPiece = performance.now();
        const seconds = ((firstPiece - start) / 1000).toFixed(1);
        status.finish(`read ${total} tokens in ${seconds} s`);
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
  const figures = { ...figuresOf(cache), written, seconds: writing };
  if (json) {
    const { rows: _, ...rest } = figures;
    const reading = ((firstPiece ?? performance.now()) - start) / 1000;
    const seconds = { reading, writing };
    const report = { policy: policy.name, text, promptTokens: length, ...rest, seconds };
    console.log(JSON.stringify({ ...report, positions, isInterrupted }, null, 2));
  }
  status.finish(describeFigures(policy.name, figures));
  if (limit !== null) status.finish(`the answer ends here. ${limit}`);
  if (positions === 'absolute' && figures.seen >= decoder.spec.maximumPositions) {
    status.finish(`the answer ends here: the model has only ${figures.seen} positions`);
  }
  if (options.retention && recorder && figures.seen > 0) {
    const notes = {
      ...(options.budget ? { budget: options.budget } : {}),
      folder: basename(options.model),
    };
    const record = describeRun(
      recorder,
      tokenizer,
      ids.slice(0, figures.seen),
      Math.min(length, figures.seen),
      notes,
    );
    await writeRetention(options.retention, record);
    status.finish(`what each head kept is in ${options.retention}`);
  }
  await decoder.release();
  if (isInterrupted) throw new Interruption();
}

/** A cache with a limit serves text of any length when its positions are compact. */
function positionsFor(
  { budget, compact, maxNewTokens }: AnswerOptions,
  decoder: Decoder,
  length: number,
  status: StatusLine,
): 'absolute' | 'compact' {
  if (compact !== undefined) return compact ? 'compact' : 'absolute';
  const { maximumPositions } = decoder.spec;
  const isBounded = budget !== undefined && !budget.trim().endsWith('%');
  if (!isBounded || length + maxNewTokens - 1 <= maximumPositions) return 'absolute';
  status.finish(
    `${length} tokens and an answer are more than the model's ${maximumPositions} positions: positions are compact`,
  );
  return 'compact';
}

interface Figures {
  readonly seen: number;
  readonly rows: number;
  readonly keptPerHead: readonly (readonly number[])[];
  readonly cacheBytes: number;
  readonly peakBytes: number;
  /** Tokens, and seconds that they took. */
  readonly written: number;
  readonly seconds: number;
}

function figuresOf(cache: KVCache): Omit<Figures, 'written' | 'seconds'> {
  const { rows, keptPerHead, bytes, seen } = cache.memory();
  const cacheBytes = bytes.used + bytes.positions + bytes.policy;
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  return { seen, rows, keptPerHead, cacheBytes, peakBytes };
}

function describeFigures(policy: string, figures: Figures): string {
  const { seen, rows, keptPerHead, cacheBytes, peakBytes, written, seconds } = figures;
  const rate =
    seconds > 0 ? `about ${(written / seconds).toFixed(1)} tokens/s written` : 'nothing written';
  const kept = Math.round(rows / keptPerHead.flat().length);
  const memory = `${(cacheBytes / 1e6).toFixed(2)} MB of cache, ${(peakBytes / 2 ** 20).toFixed(0)} MB resident at most`;
  return `${policy}: ${rate}; kept ${kept} of ${seen} tokens per head, ${memory}`;
}
