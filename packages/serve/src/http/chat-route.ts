import { randomUUID } from 'node:crypto';
import type * as z from '@namm/core/schema';
import type { ChatMessage, Tokenizer } from '@namm/decoder';
import type { AnswerEvent } from '../text/answer-request.js';
import type { TokenLogprob } from '../text/text-writer.js';
import type { WrittenCall } from '../text/tool-calls.js';
import type { Begun, ServerContext } from './answer-context.js';
import { checkDepth } from './check-depth.js';
import { type Completion, complete } from './complete.js';
import { type chatFields, chatForm, writingRequest } from './request-fields.js';

type ChatFields = z.output<typeof chatFields>;

/** `/v1/chat/completions` */
export function chatRoute(
  context: ServerContext,
  fields: ChatFields,
  begun: Begun,
): Promise<Response> {
  const { model, text } = context;
  const { tokenizer } = text;
  const facts = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model };
  const hasTools = fields.tool_choice !== 'none' && (fields.tools?.length ?? 0) > 0;
  const limit = fields.max_completion_tokens ?? fields.max_tokens;
  const request = {
    ...writingRequest(fields),
    prompt: {
      messages: fields.messages.map(messageOf),
      tools: hasTools ? fields.tools : null,
      keeps: fields.messages.map(({ kv_keep: keep }) => keep),
    },
    form: chatForm(fields),
    maxTokens: limit === null ? null : Math.min(limit, context.maxTokens),
    logprobs: fields.logprobs ? (fields.top_logprobs ?? 0) : null,
    ...{ signal: begun.signal, client: begun.client, pace: begun.pace },
  };
  const choice = (index: number, delta: object, more: object = {}) => {
    return { index, delta, logprobs: null, finish_reason: null, ...more };
  };
  const stream = {
    facts: { ...facts, object: 'chat.completion.chunk' },
    opening: Array.from({ length: request.n }, (_, i) =>
      choice(i, { role: 'assistant', content: '' }),
    ),
    choiceOf(answer: number, part: AnswerEvent) {
      if (part.kind === 'end') return choice(answer, {}, { finish_reason: part.reason });
      if (part.kind === 'call') {
        return choice(answer, { tool_calls: [{ index: part.index, ...callOf(part.call) }] });
      }
      const logprobs = part.tokens.length > 0 ? logprobsOf(tokenizer, part.tokens) : null;
      return choice(answer, { content: part.text }, { logprobs });
    },
    includeUsage: fields.stream_options?.include_usage ?? false,
  };
  const whole: Completion['whole'] = (answers, usage) => ({
    ...{ ...facts, object: 'chat.completion', system_fingerprint: null },
    choices: answers.map(({ text: content, calls, tokens, reason }, index) => ({
      index,
      message: {
        role: 'assistant',
        content: content === '' && calls.length > 0 ? null : content,
        refusal: null,
        ...(calls.length > 0 && { tool_calls: calls.map(callOf) }),
      },
      logprobs: request.logprobs === null ? null : logprobsOf(tokenizer, tokens),
      finish_reason: reason,
    })),
    usage,
  });
  return complete(context, { request, stream: fields.stream ? stream : null, whole }, begun);
}

/** A message as templates read it: parts of text as one text, arguments of calls as objects. */
function messageOf(message: ChatFields['messages'][number]): ChatMessage {
  const { role, content, tool_calls: calls, kv_keep: _, ...rest } = message;
  const text = typeof content === 'string' ? content : content?.map((part) => part.text).join('');
  return {
    ...rest,
    role: role === 'developer' ? 'system' : role,
    content: text ?? (calls ? '' : null),
    ...(calls && {
      tool_calls: calls.map((call) => ({
        ...call,
        type: 'function' as const,
        function: { name: call.function.name, arguments: argumentsOf(call.function.arguments) },
      })),
    }),
  } as ChatMessage;
}

/**
 * An object, for templates that print it as JSON; text where it is none.
 *
 * @throws {ApiError} for one that is nested too deep
 */
export function argumentsOf(text: string): Readonly<Record<string, unknown>> | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  checkDepth(value, 'arguments');
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : text;
}

function callOf(call: WrittenCall) {
  return { id: `call_${randomUUID().replaceAll('-', '')}`, type: 'function', function: call };
}

function logprobsOf(tokenizer: Tokenizer, tokens: readonly TokenLogprob[]) {
  const one = ({ id, logprob }: { readonly id: number; readonly logprob: number }) => {
    const token = tokenizer.decode([id]);
    return { token, logprob, bytes: [...Buffer.from(token)] };
  };
  const content = tokens.map((token) => ({ ...one(token), top_logprobs: token.top.map(one) }));
  return { content, refusal: null };
}
