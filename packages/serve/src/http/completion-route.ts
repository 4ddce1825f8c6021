import { randomUUID } from 'node:crypto';
import type * as z from '@namm/core/schema';
import type { Tokenizer } from '@namm/decoder';
import type { AnswerEvent, AnswerRequest } from '../text/answer-request.js';
import type { TokenLogprob } from '../text/text-writer.js';
import type { Begun, ServerContext } from './answer-context.js';
import { type Completion, complete } from './complete.js';
import { anyForm, type completionFields, writingRequest } from './request-fields.js';

/** `/v1/completions` */
export function completionRoute(
  context: ServerContext,
  fields: z.output<typeof completionFields>,
  begun: Begun,
): Promise<Response> {
  const { model, text } = context;
  const { tokenizer } = text;
  const created = Math.floor(Date.now() / 1000);
  const facts = { id: `cmpl-${randomUUID()}`, object: 'text_completion', created, model };
  const { prompt, logprobs } = fields;
  const request = {
    ...writingRequest(fields),
    prompt: typeof prompt === 'string' ? { text: prompt } : promptOf(prompt),
    form: anyForm,
    maxTokens: Math.min(fields.max_tokens ?? 16, context.maxTokens), // OpenAI's default
    logprobs,
    ...{ signal: begun.signal, client: begun.client, pace: begun.pace },
  };
  const stream = {
    facts,
    opening: [],
    choiceOf(index: number, part: AnswerEvent) {
      if (part.kind === 'call') return null; // there are no tools here
      if (part.kind === 'end')
        return { index, text: '', logprobs: null, finish_reason: part.reason };
      const told = part.tokens.length === 0 ? null : logprobsOf(tokenizer, part.tokens);
      return { index, text: part.text, logprobs: told, finish_reason: null };
    },
    includeUsage: fields.stream_options?.include_usage ?? false,
  };
  const whole: Completion['whole'] = (answers, usage) => ({
    ...facts,
    choices: answers.map(({ text: written, tokens, reason }, index) => ({
      ...{ index, text: written, finish_reason: reason },
      logprobs: logprobs === null ? null : logprobsOf(tokenizer, tokens),
    })),
    usage,
  });
  return complete(context, { request, stream: fields.stream ? stream : null, whole }, begun);
}

function promptOf(prompt: readonly string[] | readonly number[]): AnswerRequest['prompt'] {
  const [first] = prompt;
  return typeof first === 'string' ? { text: first } : { ids: prompt as readonly number[] };
}

function logprobsOf(tokenizer: Tokenizer, tokens: readonly TokenLogprob[]) {
  const nameOf = (id: number) => tokenizer.decode([id]);
  return {
    tokens: tokens.map(({ id }) => nameOf(id)),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top }) =>
      Object.fromEntries(top.map(({ id, logprob }) => [nameOf(id), logprob])),
    ),
    text_offset: null,
  };
}
