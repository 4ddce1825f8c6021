import { randomUUID } from 'node:crypto';
import type { Tokenizer } from '@namm/decoder';
import type { z } from 'zod';
import type { AnswerRequest } from '../text/answer-request.js';
import type { TokenLogprob } from '../text/text-writer.js';
import { type Begun, beginAnswer, type ServerContext, usageOf } from './answer-context.js';
import { CollectedAnswer } from './collected-answer.js';
import { eventStream } from './event-stream.js';
import { type completionFields, samplingOf } from './request-fields.js';
import { tellStreamError } from './tell-stream-error.js';

/** `/v1/completions` */
export async function completionRoute(
  context: ServerContext,
  fields: z.output<typeof completionFields>,
  begun: Begun,
): Promise<Response> {
  const { model, text } = context;
  const created = Math.floor(Date.now() / 1000);
  const facts = { id: `cmpl-${randomUUID()}`, object: 'text_completion', created, model };
  const { prompt } = fields;
  const n = fields.n ?? 1;
  const request: Omit<AnswerRequest, 'onPart'> = {
    prompt: typeof prompt === 'string' ? { text: prompt } : promptOf(prompt),
    n,
    maxTokens: Math.min(fields.max_tokens ?? 16, context.maxTokens), // OpenAI's default
    stop: fields.stop,
    sampling: samplingOf(fields),
    logitBias: new Map(Object.entries(fields.logit_bias ?? {}).map(([id, bias]) => [+id, bias])),
    seed: fields.seed,
    logprobs: fields.logprobs,
    budget: fields.kv_budget,
    policy: fields.kv_policy,
    signal: begun.signal,
  };
  const { tokenizer } = text;
  if (fields.stream) {
    const queue: object[] = [];
    let put = (chunk: object): void => void queue.push(chunk);
    const { usage } = await beginAnswer(text, {
      ...request,
      onPart(index, part) {
        if (part.kind === 'call') return; // there are no tools here
        const isEnd = part.kind === 'end';
        const tokens = isEnd || part.tokens.length === 0 ? null : part.tokens;
        put({
          ...facts,
          choices: [
            {
              ...{ index, text: isEnd ? '' : part.text },
              logprobs: tokens && logprobsOf(tokenizer, tokens),
              finish_reason: isEnd ? part.reason : null,
            },
          ],
        });
      },
    });
    return eventStream(
      async (sink) => {
        put = (data) => sink.send(data);
        for (const data of queue) sink.send(data);
        const costs = await usage.finally(begun.end);
        if (fields.stream_options?.include_usage) {
          sink.send({ ...facts, choices: [], usage: usageOf(costs) });
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
    ...facts,
    choices: answers.map(({ text: written, tokens, reason }, index) => ({
      ...{ index, text: written, finish_reason: reason },
      logprobs: fields.logprobs === null ? null : logprobsOf(tokenizer, tokens),
    })),
    usage: usageOf(costs),
  });
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
