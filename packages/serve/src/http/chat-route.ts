import { randomUUID } from 'node:crypto';
import type { ChatMessage, Tokenizer } from '@namm/decoder';
import type { z } from 'zod';
import type { AnswerRequest } from '../text/answer-request.js';
import type { TokenLogprob } from '../text/text-writer.js';
import type { WrittenCall } from '../text/tool-calls.js';
import { type Begun, beginAnswer, type ServerContext, usageOf } from './answer-context.js';
import { CollectedAnswer } from './collected-answer.js';
import { eventStream } from './event-stream.js';
import { type chatFields, samplingOf } from './request-fields.js';
import { tellStreamError } from './tell-stream-error.js';

type ChatFields = z.output<typeof chatFields>;

/** `/v1/chat/completions` */
export async function chatRoute(
  context: ServerContext,
  fields: ChatFields,
  begun: Begun,
): Promise<Response> {
  const { model, text } = context;
  const facts = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model };
  const n = fields.n ?? 1;
  const hasTools = fields.tool_choice !== 'none' && (fields.tools?.length ?? 0) > 0;
  const limit = fields.max_completion_tokens ?? fields.max_tokens;
  const request: Omit<AnswerRequest, 'onPart'> = {
    prompt: {
      messages: fields.messages.map(messageOf),
      tools: hasTools ? fields.tools : null,
    },
    n,
    maxTokens: limit === null ? null : Math.min(limit, context.maxTokens),
    stop: fields.stop,
    sampling: samplingOf(fields),
    logitBias: new Map(Object.entries(fields.logit_bias ?? {}).map(([id, bias]) => [+id, bias])),
    seed: fields.seed,
    logprobs: fields.logprobs ? (fields.top_logprobs ?? 0) : null,
    budget: fields.kv_budget,
    policy: fields.kv_policy,
    signal: begun.signal,
  };
  const { tokenizer } = text;
  if (fields.stream) {
    const queue: object[] = [];
    let put = (chunk: object): void => void queue.push(chunk);
    const chunk = (index: number, delta: object, more: object = {}) =>
      put({
        ...{ ...facts, object: 'chat.completion.chunk' },
        choices: [{ index, delta, logprobs: null, finish_reason: null, ...more }],
      });
    for (let i = 0; i < n; i++) chunk(i, { role: 'assistant', content: '' });
    const { usage } = await beginAnswer(text, {
      ...request,
      onPart(answer, part) {
        if (part.kind === 'end') chunk(answer, {}, { finish_reason: part.reason });
        else if (part.kind === 'call') {
          chunk(answer, { tool_calls: [{ index: part.index, ...callOf(part.call) }] });
        } else {
          const logprobs = part.tokens.length > 0 ? logprobsOf(tokenizer, part.tokens) : null;
          chunk(answer, { content: part.text }, { logprobs });
        }
      },
    });
    return eventStream(
      async (sink) => {
        put = (data) => sink.send(data);
        for (const data of queue) sink.send(data);
        const costs = await usage.finally(begun.end);
        if (fields.stream_options?.include_usage) {
          const object = 'chat.completion.chunk';
          sink.send({ ...facts, object, choices: [], usage: usageOf(costs) });
        }
        sink.send('[DONE]');
      },
      (error, sink) => tellStreamError(context, error, sink),
      begun.leave,
    );
  }
  const answers = Array.from({ length: n }, () => new CollectedAnswer());
  const costs = await text
    .answer({ ...request, onPart: (answer, part) => answers[answer]!.add(part) })
    .finally(begun.end);
  return Response.json({
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
    usage: usageOf(costs),
  });
}

/** A message as templates read it: parts of text as one text, arguments of calls as objects. */
function messageOf(message: ChatFields['messages'][number]): ChatMessage {
  const { role, content, tool_calls: calls, ...rest } = message;
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

/** An object, for templates that print it as JSON; text where it is none. */
export function argumentsOf(text: string): Readonly<Record<string, unknown>> | string {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : text;
  } catch {
    return text;
  }
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
