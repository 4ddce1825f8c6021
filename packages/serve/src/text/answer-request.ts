import type { ChatMessage, SamplingSettings } from '@namm/decoder';
import type { BudgetInput } from '@namm/kv-cache';
import type { EngineResult } from '../engine/engine-request.js';
import type { Pace } from '../engine/pace.js';
import type { TokenLogprob } from './text-writer.js';
import type { WrittenCall } from './tool-calls.js';

/** A tool as templates show it: `{ type: 'function', function: { name, … } }`. */
export type Tool = Readonly<Record<string, unknown>>;

/** What is promised of an answer's form. */
export interface AnswerForm {
  /** The JSON schema that it keeps to, and what callers call that; null for any text. */
  readonly schema: { readonly value: unknown; readonly param: string } | null;
  /** Whether tools may be called, some have to, or one by name. */
  readonly toolChoice: 'auto' | 'required' | { readonly name: string };
  /** Whether several may be called. */
  readonly parallelCalls: boolean;
}

/** What is to be answered, whichever interface it came by. */
export interface AnswerRequest {
  readonly prompt:
    | {
        readonly messages: readonly ChatMessage[];
        readonly tools: readonly Tool[] | null;
        /** What no policy may drop of each message: all, or a fair share beside others; null for what it likes. */
        readonly keeps?: readonly ('all' | 'share' | null)[];
      }
    | { readonly text: string }
    | { readonly ids: readonly number[] };
  readonly form: AnswerForm;
  /** Answers to write. */
  readonly n: number;
  /** Most tokens of an answer; null for as many as there is room for. */
  readonly maxTokens: number | null;
  readonly stop: readonly string[];
  readonly sampling: Partial<SamplingSettings>;
  readonly logitBias: ReadonlyMap<number, number>;
  readonly seed: number | null;
  /** How many likeliest tokens are told beside each; null for none at all. */
  readonly logprobs: number | null;
  /** What the cache may keep; null for the server's own. */
  readonly budget: BudgetInput | null;
  readonly policy: string | null;
  /** Who asks; clients take turns. */
  readonly client?: string;
  /** Holds the answer while its reader is slow. */
  readonly pace?: Pace;
  readonly signal: AbortSignal;
  /** Is told the answers as they are written, by their number. */
  readonly onPart: (answer: number, part: AnswerEvent) => void;
}

export type AnswerEvent =
  | { readonly kind: 'text'; readonly text: string; readonly tokens: readonly TokenLogprob[] }
  | { readonly kind: 'call'; readonly call: WrittenCall; readonly index: number }
  | { readonly kind: 'end'; readonly reason: 'stop' | 'length' | 'tool_calls' };

/** What an answer cost. */
export interface AnswerUsage {
  readonly promptTokens: number;
  /** Of these, had been read before. */
  readonly reused: number;
  readonly written: number;
  /** Of the first answer's cache. */
  readonly conversation: EngineResult['conversations'][number] | null;
}
