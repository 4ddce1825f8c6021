import { Pace } from '../engine/pace.js';
import type { AnswerRequest, AnswerUsage } from '../text/answer-request.js';
import type { TextEngine } from '../text/text-engine.js';

/** What the routes of one server share. */
export interface ServerContext {
  readonly text: TextEngine;
  /** The name that the model goes by. */
  readonly model: string;
  /** Milliseconds that an answer may take. */
  readonly timeout: number;
  /** Most tokens of an answer. */
  readonly maxTokens: number;
  readonly onWarning: (message: string) => void;
}

/** How a request was begun: its signal, and what ends it. */
export interface Begun {
  readonly signal: AbortSignal;
  /** Who asks. */
  readonly client: string;
  /** Holds the answer while its reader is slow. */
  readonly pace: Pace;
  /** The client has gone. */
  leave(): void;
  /** The answer is written, or will never be. */
  end(): void;
}

/** Time is up for an answer. */
export class AnswerTimeout extends Error {}

/** A signal that aborts when the client leaves or time is up. */
export function begin(request: Request, client: string, timeout: number): Begun {
  const abort = new AbortController();
  const leave = () => abort.abort(new DOMException('the client has gone', 'AbortError'));
  if (request.signal.aborted) leave();
  request.signal.addEventListener('abort', leave);
  const timer = setTimeout(() => abort.abort(new AnswerTimeout()), timeout);
  return {
    ...{ signal: abort.signal, client, pace: new Pace() },
    leave,
    end() {
      clearTimeout(timer);
      request.signal.removeEventListener('abort', leave);
    },
  };
}

/**
 * Begins an answer, and waits just long enough to learn of what is refused at once, so that a stream begins with the
 * right status.
 *
 * @throws what is refused
 */
export async function beginAnswer(
  text: TextEngine,
  request: AnswerRequest,
): Promise<{ readonly usage: Promise<AnswerUsage> }> {
  let isAccepted = false;
  return await new Promise((resolve, reject) => {
    const accept = () => {
      isAccepted = true;
      resolve({ usage });
    };
    const usage = text.answer(request, accept);
    usage.catch((error) => {
      if (!isAccepted) reject(error);
    });
  });
}

/** The costs of an answer as OpenAI's interface has them, and what the cache holds. */
export function usageOf({ promptTokens, written, reused, conversation }: AnswerUsage) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: written,
    total_tokens: promptTokens + written,
    prompt_tokens_details: { cached_tokens: reused },
    kv: kvOf({ reused, conversation }),
  };
}

export function kvOf({ reused, conversation }: Pick<AnswerUsage, 'reused' | 'conversation'>) {
  return {
    tokens_seen: conversation?.seen ?? 0,
    tokens_held: conversation?.held ?? 0,
    held_per_layer: conversation?.heldPerLayer ?? [],
    bytes: conversation?.bytes ?? 0,
    prefix_reused: reused,
    conversation: conversation?.id ?? null,
  };
}
