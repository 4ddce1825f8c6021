import { randomUUID } from 'node:crypto';
import type * as z from '@namm/core/schema';
import type { ChatMessage } from '@namm/decoder';
import type { AnswerRequest, AnswerUsage } from '../text/answer-request.js';
import { type Begun, beginAnswer, kvOf, type ServerContext } from './answer-context.js';
import { ApiError } from './api-error.js';
import { argumentsOf } from './chat-route.js';
import { CollectedAnswer } from './collected-answer.js';
import { type EventSink, eventStream } from './event-stream.js';
import { publicError } from './public-error.js';
import {
  commonRequest,
  type ResponseInput,
  type responseFields,
  responseForm,
} from './request-fields.js';

type ResponseFields = z.output<typeof responseFields>;

/** Conversations that later responses may go on from. */
export class ResponseHistory {
  readonly #most: number;
  readonly #mostLength: number;
  /** The one that was added longest ago first. */
  readonly #conversations = new Map<
    string,
    { readonly messages: readonly ChatMessage[]; readonly length: number }
  >();
  #length = 0;

  /**
   * @param most conversations
   * @param mostLength of all of them together, in characters; the newest stays whatever its length
   */
  constructor(most = 1000, mostLength = 64e6) {
    this.#most = most;
    this.#mostLength = mostLength;
  }

  set(id: string, messages: readonly ChatMessage[]): void {
    const { length } = JSON.stringify(messages);
    this.#conversations.set(id, { messages, length });
    this.#length += length;
    for (const [oldest, { length }] of this.#conversations) {
      const { size } = this.#conversations;
      if (size === 1 || (size <= this.#most && this.#length <= this.#mostLength)) return;
      this.#conversations.delete(oldest);
      this.#length -= length;
    }
  }

  /** @throws {ApiError} when it is not known any more */
  get(id: string): readonly ChatMessage[] {
    const found = this.#conversations.get(id);
    if (found !== undefined) return found.messages;
    throw new ApiError(404, `there is no response '${id}' to continue`, {
      param: 'previous_response_id',
      reason: 'previous_response_not_found',
    });
  }
}

interface OutputItem {
  readonly id: string;
  readonly type: 'message' | 'function_call';
  readonly [key: string]: unknown;
}

/** `/v1/responses`: text and calls of functions. */
export async function responseRoute(
  context: ServerContext,
  history: ResponseHistory,
  fields: ResponseFields,
  begun: Begun,
): Promise<Response> {
  const { text, model } = context;
  const id = `resp_${randomUUID().replaceAll('-', '')}`;
  const earlier = fields.previous_response_id ? history.get(fields.previous_response_id) : [];
  const messages = [...earlier, ...messagesOf(fields.input)];
  const { instructions } = fields;
  const system = instructions === null ? [] : [{ role: 'system', content: instructions }];
  const hasTools = fields.tool_choice !== 'none' && (fields.tools?.length ?? 0) > 0;
  const limit = fields.max_output_tokens;
  const request: Omit<AnswerRequest, 'onPart'> = {
    prompt: {
      messages: [...system, ...messages],
      tools: hasTools ? fields.tools!.map(({ type, ...tool }) => ({ type, function: tool })) : null,
    },
    ...{ ...commonRequest(fields), form: responseForm(fields) },
    ...{ n: 1, stop: [], logitBias: new Map(), logprobs: null },
    maxTokens: limit === null ? null : Math.min(limit, context.maxTokens),
    ...{ signal: begun.signal, client: begun.client, pace: begun.pace },
  };
  const facts = {
    ...{ id, object: 'response', created_at: Math.floor(Date.now() / 1000), model },
    ...{ instructions, previous_response_id: fields.previous_response_id, error: null },
    ...{
      parallel_tool_calls: fields.parallel_tool_calls ?? true,
      tool_choice: fields.tool_choice ?? 'auto',
    },
    ...{ tools: fields.tools ?? [], max_output_tokens: limit, metadata: {} },
    ...{
      temperature: fields.temperature,
      top_p: fields.top_p,
      text: { format: fields.text?.format ?? { type: 'text' } },
    },
  };
  const answer = new CollectedAnswer();
  const whole = (output: readonly OutputItem[], usage: AnswerUsage) => {
    if (fields.store !== false) history.set(id, [...messages, messageOf(answer)]);
    const isCut = answer.reason === 'length';
    return {
      ...facts,
      status: isCut ? 'incomplete' : 'completed',
      incomplete_details: isCut ? { reason: 'max_output_tokens' } : null,
      ...{ output, output_text: answer.text, usage: usageOf(usage) },
    };
  };
  if (!fields.stream) {
    const usage = await text
      .answer({ ...request, onPart: (_, part) => answer.add(part) })
      .finally(begun.end);
    const items = answer.calls.map((call) => callItem(call));
    const said = answer.text !== '' || items.length === 0;
    return Response.json(whole([...(said ? [messageItem(answer.text)] : []), ...items], usage));
  }
  const events: { readonly type: string; readonly [key: string]: unknown }[] = [];
  let put = (event: (typeof events)[number]): void => void events.push(event);
  let sequence = 0;
  const tell = (type: string, data: object) => put({ type, sequence_number: sequence++, ...data });
  const pending = { ...facts, status: 'in_progress', output: [], usage: null };
  tell('response.created', { response: pending });
  tell('response.in_progress', { response: pending });
  const output: OutputItem[] = [];
  let said: { readonly item: OutputItem; text: string } | null = null;
  const begin = (item: OutputItem) => {
    tell('response.output_item.added', { output_index: output.length, item });
  };
  const finish = (item: OutputItem) => {
    tell('response.output_item.done', { output_index: output.length, item });
    output.push(item);
  };
  const endText = () => {
    if (said === null) return;
    const { item, text: written } = said;
    const at = { item_id: item.id, output_index: output.length, content_index: 0 };
    tell('response.output_text.done', { ...at, text: written, logprobs: [] });
    const part = { type: 'output_text', text: written, annotations: [] };
    tell('response.content_part.done', { ...at, part });
    finish(messageItem(written, item.id));
    said = null;
  };
  const { usage } = await beginAnswer(text, {
    ...request,
    onPart(_, part) {
      answer.add(part);
      if (part.kind === 'text' && part.text !== '') {
        if (said === null) {
          const item = { ...messageItem(''), status: 'in_progress', content: [] };
          said = { item, text: '' };
          begin(item);
          const empty = { type: 'output_text', text: '', annotations: [] };
          const at = { item_id: item.id, output_index: output.length, content_index: 0 };
          tell('response.content_part.added', { ...at, part: empty });
        }
        said.text += part.text;
        const at = { item_id: said.item.id, output_index: output.length, content_index: 0 };
        tell('response.output_text.delta', { ...at, delta: part.text, logprobs: [] });
      } else if (part.kind === 'call') {
        endText();
        const item = callItem(part.call);
        begin({ ...item, arguments: '', status: 'in_progress' });
        const at = { item_id: item.id, output_index: output.length };
        tell('response.function_call_arguments.delta', { ...at, delta: part.call.arguments });
        const done = { ...at, name: part.call.name, arguments: part.call.arguments };
        tell('response.function_call_arguments.done', done);
        finish(item);
      } else if (part.kind === 'end') endText();
    },
  });
  return eventStream(
    async (sink) => {
      put = (event) => sink.send(event, event.type);
      for (const event of events) put(event);
      const costs = await usage.finally(begun.end);
      const response = whole(output, costs);
      tell(`response.${response.status}`, { response });
    },
    (error, sink: EventSink) => {
      const { message, reason } = publicError(context.onWarning, error);
      const failure = { code: reason ?? 'server_error', message };
      const response = { ...pending, status: 'failed', error: failure };
      const type = 'response.failed';
      sink.send({ type, sequence_number: sequence++, response }, type);
    },
    begun.leave,
    begun.pace,
  );
}

function messagesOf(input: ResponseInput): ChatMessage[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  return input.map((item): ChatMessage => {
    if (item.type === 'function_call') {
      const call = { name: item.name, arguments: argumentsOf(item.arguments) };
      const calls = [{ type: 'function' as const, id: item.call_id, function: call }];
      return { role: 'assistant', content: '', tool_calls: calls };
    }
    if (item.type === 'function_call_output') {
      return { role: 'tool', tool_call_id: item.call_id, content: textOf(item.output) };
    }
    const { role, content } = item;
    return { role: role === 'developer' ? 'system' : role, content: textOf(content) };
  });
}

function textOf(content: string | readonly { readonly text: string }[]): string {
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('');
}

/** What the model said, as a later prompt has it. */
function messageOf({ text, calls }: CollectedAnswer): ChatMessage {
  if (calls.length === 0) return { role: 'assistant', content: text };
  const all = calls.map(({ name, arguments: given }) => {
    return { type: 'function' as const, function: { name, arguments: argumentsOf(given) } };
  });
  return { role: 'assistant', content: text, tool_calls: all };
}

function messageItem(text: string, id = `msg_${randomUUID().replaceAll('-', '')}`): OutputItem {
  const content = [{ type: 'output_text', text, annotations: [], logprobs: [] }];
  return { id, type: 'message', role: 'assistant', status: 'completed', content };
}

function callItem({ name, arguments: given }: { name: string; arguments: string }): OutputItem {
  const id = randomUUID().replaceAll('-', '');
  const call = { call_id: `call_${id}`, name, arguments: given, status: 'completed' };
  return { id: `fc_${id}`, type: 'function_call', ...call };
}

function usageOf(usage: AnswerUsage) {
  return {
    input_tokens: usage.promptTokens,
    input_tokens_details: { cached_tokens: usage.reused },
    output_tokens: usage.written,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: usage.promptTokens + usage.written,
    kv: kvOf(usage),
  };
}
