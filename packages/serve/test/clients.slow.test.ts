import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { inFolder } from '@namm/testing';
import { generateText, Output, stepCountIs, streamText, tool } from 'ai';
import OpenAI from 'openai';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ServerProcess, setUpServers } from './set-up-server.js';

const setup = setUpServers();
const apiKey = 'a key';
const model = 'scripted';
const greet = [{ role: 'user' as const, content: 'hi' }];
let server: ServerProcess;
let openai: OpenAI;
beforeAll(async () => {
  server = await setup.start({ maxActive: 2, maxQueue: 2 }, { apiKey });
  openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0 });
}, 300_000);

const weather = {
  name: 'weather',
  description: 'tells the weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
};
const tools = [{ type: 'function' as const, function: weather }];
/** JSON of lists within one another. */
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

async function idle(): Promise<void> {
  for (;;) {
    const headers = { authorization: `Bearer ${apiKey}` };
    const text = await (await fetch(`${server.url}/metrics`, { headers })).text();
    if (/^namm_requests_active 0$/m.test(text) && /^namm_requests_waiting 0$/m.test(text)) return;
    await wait(5);
  }
}

describe('the openai client', () => {
  it('completes a chat', async () => {
    const answer = await openai.chat.completions.create({ model, messages: greet, temperature: 0 });
    expect(answer.choices[0]).toMatchObject({
      message: { role: 'assistant', content: 'Hello there.' },
      finish_reason: 'stop',
    });
    expect(answer.usage).toMatchObject({
      prompt_tokens: 5,
      completion_tokens: 5,
      total_tokens: 10,
    });
    const { kv } = answer.usage as unknown as { kv: Record<string, number> };
    expect(kv).toMatchObject({ tokens_seen: 9, tokens_held: 9, prefix_reused: 0 });
    expect(kv.bytes).toBeGreaterThan(0);
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual([model]);
    expect((await openai.models.retrieve(model)).id).toBe(model);
  });

  it('goes on with a conversation without reading it again', async () => {
    const messages = [...greet, { role: 'assistant' as const, content: 'Hello there.' }, ...greet];
    const { usage } = await openai.chat.completions.create({ model, messages, temperature: 0 });
    expect(usage!.prompt_tokens_details!.cached_tokens).toBe(9);
  });

  it('streams, with the costs at the end', async () => {
    const stream = await openai.chat.completions.create({
      ...{ model, messages: greet, temperature: 0, stream: true, n: 2 },
      stream_options: { include_usage: true },
    });
    const texts = ['', ''];
    const reasons = [];
    let usage = null;
    for await (const chunk of stream) {
      for (const { index, delta, finish_reason: reason } of chunk.choices) {
        texts[index] += delta.content ?? '';
        if (reason) reasons.push(reason);
      }
      usage = chunk.usage ?? usage;
    }
    expect(texts).toEqual(['Hello there.', 'Hello there.']);
    expect(reasons).toEqual(['stop', 'stop']);
    expect(usage).toMatchObject({ completion_tokens: 10 });
    const runner = openai.chat.completions.stream({ model, messages: greet, temperature: 0 });
    expect(await runner.finalContent()).toBe('Hello there.');
  });

  it('stops at texts and limits, and tells how likely tokens were', async () => {
    const chat = (more: object) =>
      openai.chat.completions.create({ model, messages: greet, temperature: 0, ...more });
    const stopped = await chat({ stop: ['o th'] });
    expect(stopped.choices[0]).toMatchObject({
      message: { content: 'Hell' },
      finish_reason: 'stop',
    });
    const cut = await chat({ max_tokens: 2, logprobs: true, top_logprobs: 2 });
    expect(cut.choices[0]).toMatchObject({
      message: { content: 'Hello' },
      finish_reason: 'length',
    });
    const { content } = cut.choices[0]!.logprobs!;
    expect(content!.map(({ token }) => token)).toEqual(['Hel', 'lo']);
    expect(content![0]!.top_logprobs.length).toBe(2);
    expect(Math.exp(content![0]!.logprob)).toBeGreaterThan(0.9);
    expect(content![0]!.top_logprobs[0]!.logprob).toBe(content![0]!.logprob);
    const drawn = await Promise.all(
      [1, 1].map((seed) => chat({ temperature: 90, seed, max_tokens: 12, n: 2 })),
    );
    const [first, second] = drawn.map(({ choices }) => choices.map((one) => one.message.content));
    expect(first).toEqual(second);
    expect(first![0]).not.toBe(first![1]);
  });

  it('calls tools, and goes on with what they say', async () => {
    const request = { model, messages: greet, temperature: 0, tools };
    const answer = await openai.chat.completions.create(request);
    const { message, finish_reason: reason } = answer.choices[0]!;
    expect(reason).toBe('tool_calls');
    expect(message.content).toBeNull();
    const [call] = message.tool_calls!;
    expect(call).toMatchObject({
      type: 'function',
      function: { name: 'weather', arguments: '{"city":"Paris"}' },
    });
    const said = { role: 'tool' as const, tool_call_id: call!.id, content: 'rain' };
    const next = await openai.chat.completions.create({
      ...request,
      messages: [...greet, message, said],
    });
    expect(next.choices[0]!.message.content).toBe('Hello there.');
    const stream = openai.chat.completions.stream(request);
    const final = await stream.finalMessage();
    expect(final.tool_calls![0]).toMatchObject({ function: { arguments: '{"city":"Paris"}' } });
    const none = await openai.chat.completions.create({ ...request, tool_choice: 'none' });
    expect(none.choices[0]!.message.content).toBe('Hello there.');
  });

  it('promises JSON by a schema, and calls of tools that have to be', async () => {
    const schema = {
      type: 'object',
      properties: {
        city: { type: 'string', enum: ['Rome', 'Paris'] },
        sky: { type: 'string', maxLength: 3 },
        degrees: { type: 'integer', minimum: -40, maximum: 50 },
      },
      required: ['city', 'sky', 'degrees'],
      additionalProperties: false,
    };
    const request = { model, messages: greet, temperature: 0 };
    const format = {
      type: 'json_schema' as const,
      json_schema: { name: 'weather', schema, strict: true },
    };
    const answer = await openai.chat.completions.create({ ...request, response_format: format });
    const [choice] = answer.choices;
    expect(choice!.finish_reason).toBe('stop');
    const value = JSON.parse(choice!.message.content!);
    expect(value).toEqual({
      city: expect.stringMatching(/^(Rome|Paris)$/),
      sky: '!!!',
      degrees: expect.any(Number),
    });
    const drawn = await openai.chat.completions.create({
      ...{ ...request, response_format: format, temperature: 90, seed: 4, n: 4 },
    });
    for (const { message } of drawn.choices) {
      const { city, sky, degrees } = JSON.parse(message.content!);
      expect([['Rome', 'Paris'].includes(city), [...sky].length <= 3]).toEqual([true, true]);
      expect(degrees >= -40 && degrees <= 50 && Number.isInteger(degrees)).toBe(true);
    }
    const object = await openai.chat.completions.create({
      ...{ ...request, response_format: { type: 'json_object' }, logit_bias: { 92: 5 } },
    });
    expect(object.choices[0]!.message.content).toBe('{}');
    const responded = await openai.responses.create({
      ...{ model, input: 'hi', temperature: 0 },
      text: { format: { type: 'json_schema', name: 'weather', schema, strict: true } },
    });
    expect(JSON.parse(responded.output_text)).toEqual(value);

    const must = await openai.chat.completions.create({
      ...request,
      tools,
      tool_choice: 'required',
    });
    expect(must.choices[0]!.finish_reason).toBe('tool_calls');
    const sail = {
      name: 'sail',
      strict: true,
      parameters: {
        type: 'object',
        properties: { knots: { type: 'integer', enum: [7] } },
        required: ['knots'],
        additionalProperties: false,
      },
    };
    const roomy = { kv_budget: 64 }; // the model has few positions
    const both = [...tools, { type: 'function' as const, function: sail }];
    const named = await openai.chat.completions.create({
      ...{ ...request, ...roomy, tools: both },
      tool_choice: { type: 'function', function: { name: 'sail' } },
    });
    const calls = named.choices[0]!.message.tool_calls!;
    expect(calls.map((call) => call.type === 'function' && call.function)).toEqual([
      { name: 'sail', arguments: '{"knots":7}' },
    ]);
    // A strict tool that the model calls by itself.
    const strict = {
      ...weather,
      strict: true,
      parameters: {
        ...weather.parameters,
        properties: { city: { const: 'Rome' } },
        required: ['city'],
      },
    };
    const free = await openai.chat.completions.create({
      ...{
        ...{ ...request, ...roomy },
        tools: [{ type: 'function', function: strict }],
        parallel_tool_calls: false,
      },
    });
    const [only] = free.choices[0]!.message.tool_calls!;
    expect(only!.type === 'function' && only!.function.arguments).toBe('{"city":"Rome"}');
    const fields = { type: 'function' as const, ...weather, strict: false };
    const forced = await openai.responses.create({
      ...{ model, input: 'hi', temperature: 0, ...roomy, tools: [fields] },
      tool_choice: { type: 'function', name: 'weather' },
    });
    expect(forced.output[0]).toMatchObject({ type: 'function_call', name: 'weather' });
  });

  it('completes text, from text and from ids', async () => {
    const request = { model, prompt: 'Once', temperature: 0, max_tokens: 4 };
    const { choices } = await openai.completions.create({ ...request, logprobs: 1 });
    expect(choices[0]).toMatchObject({ text: ' upon a time,', finish_reason: 'length' });
    expect(choices[0]!.logprobs!.tokens).toEqual([' upon', ' a', ' time', ',']);
    const stream = await openai.completions.create({ ...request, stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]!.text;
    expect(text).toBe(' upon a time,');
    const ids = await openai.completions.create({ ...request, prompt: [0, 1] });
    expect(ids.choices[0]!.text).toBe('!!!!');
  });

  it('responds, with functions, streams and earlier responses', async () => {
    const request = { model, input: 'hi', temperature: 0 };
    const first = await openai.responses.create({ ...request, instructions: 'be short' });
    expect([first.status, first.output_text]).toEqual(['completed', 'Hello there.']);
    const second = await openai.responses.create({ ...request, previous_response_id: first.id });
    expect(second.usage!.input_tokens).toBe(5 + 4 + 2 + 4); // without the instructions
    const cut = await openai.responses.create({ ...request, max_output_tokens: 2 });
    expect([cut.status, cut.incomplete_details]).toEqual([
      'incomplete',
      { reason: 'max_output_tokens' },
    ]);
    const called = await openai.responses.create({
      ...request,
      tools: [{ type: 'function', strict: null, ...weather }],
    });
    expect(called.output[0]).toMatchObject({ type: 'function_call', name: 'weather' });
    const [{ call_id: id }] = called.output as unknown as [{ call_id: string }];
    const after = await openai.responses.create({
      ...request,
      previous_response_id: called.id,
      input: [{ type: 'function_call_output', call_id: id, output: 'rain' }],
    });
    expect(after.output_text).toBe('Hello there.');
    const inParts = await openai.responses.create({
      ...request,
      previous_response_id: called.id,
      input: [
        {
          type: 'function_call_output',
          call_id: id,
          output: [{ type: 'input_text', text: 'rain' }],
        },
      ],
    });
    expect(inParts.usage!.input_tokens).toBe(after.usage!.input_tokens);
    const types: string[] = [];
    let text = '';
    const stream = await openai.responses.create({ ...request, stream: true });
    for await (const event of stream) {
      if (types.at(-1) !== event.type) types.push(event.type);
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.completed') expect(event.response.output_text).toBe(text);
    }
    expect(text).toBe('Hello there.');
    expect(types).toEqual(
      [
        ...['created', 'in_progress', 'output_item.added', 'content_part.added'],
        ...['output_text.delta', 'output_text.done', 'content_part.done', 'output_item.done'],
        'completed',
      ].map((name) => `response.${name}`),
    );
  });

  it('keeps to a budget, beyond the positions of the model too', async () => {
    const long = { model, prompt: 'loop', temperature: 0, max_tokens: 420 };
    const { choices, usage } = await openai.completions.create({
      ...long,
      kv_budget: 24,
      kv_policy: 'sink-recent',
    } as typeof long);
    expect(choices[0]!.text).toBe('loop'.repeat(420));
    expect((usage as unknown as { kv: object }).kv).toMatchObject({
      tokens_seen: 420,
      tokens_held: 24,
    });
    const kept = await openai.chat.completions.create({
      ...{ model, temperature: 0, max_tokens: 60, kv_budget: 32, kv_policy: 'sink-recent' },
      messages: [{ role: 'user', content: 'a long text', kv_keep: 'all' }],
    } as never);
    expect((kept as { usage: unknown }).usage).toMatchObject({ kv: { tokens_held: 32 } });
    const whole = await openai.completions.create(long);
    expect(whole.usage!.completion_tokens).toBe(384);
    expect(whole.choices[0]!.finish_reason).toBe('length');
  });

  it('leaves a stream, and the server is free again', async () => {
    const endless = { kv_budget: 32, logit_bias: { 96: -100 } }; // no token ends it
    const request = { model, messages: greet, temperature: 0, ...endless };
    const stream = await openai.chat.completions.create({
      ...request,
      max_tokens: 8000,
      stream: true,
    });
    let count = 0;
    for await (const _ of stream) if (++count === 8) break;
    await idle();
    const abort = new AbortController();
    const answer = openai.chat.completions.create(
      { ...request, max_tokens: 8000 },
      { signal: abort.signal },
    );
    setTimeout(() => abort.abort(), 300);
    await expect(answer).rejects.toThrow(OpenAI.APIUserAbortError);
    await idle();
  });

  it('is told what is wrong in the form that it knows', async () => {
    const chat = (more: object) =>
      openai.chat.completions.create({ model, messages: greet, ...more } as never);
    const cases: [object, number, string, string | null][] = [
      [{ model: 'other' }, 404, 'model_not_found', 'model'],
      [{ messages: [] }, 400, 'invalid_value', 'messages'],
      [{ messages: [{ role: 'user', content: 3 }] }, 400, 'invalid_value', 'messages.0.content'],
      [
        { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
        400,
        'invalid_value',
        'messages.0.content',
      ],
      [{ temperature: -1 }, 400, 'invalid_value', 'temperature'],
      [{ max_tokens: -5 }, 400, 'invalid_value', 'max_tokens'],
      [{ n: 1000 }, 400, 'invalid_value', 'n'],
      [{ response_format: { type: 'yaml' } }, 400, 'invalid_value', 'response_format'],
      [
        {
          response_format: {
            type: 'json_schema',
            json_schema: { name: 'x', schema: { oneOf: [{ type: 'null' }] } },
          },
        },
        400,
        'invalid_value',
        'response_format.json_schema.schema',
      ],
      [{ functions: [weather] }, 400, 'unsupported_parameter', 'functions'],
      [{ tool_choice: 'required' }, 400, 'invalid_value', 'tool_choice'],
      [
        { tools, tool_choice: { type: 'function', function: { name: 'x' } } },
        400,
        'invalid_value',
        'tool_choice',
      ],
      [
        {
          tools: [
            { type: 'function', function: { ...weather, strict: true, parameters: { not: {} } } },
          ],
        },
        400,
        'invalid_value',
        'tools.0.function.parameters',
      ],
      [
        { messages: [{ role: 'user', content: 'x', kv_keep: 'some' }] },
        ...([400, 'invalid_value', 'messages.0.kv_keep'] as const),
      ],
      [{ kv_policy: 'nothing' }, 400, 'invalid_value', 'kv_policy'],
      [{ kv_budget: 'much' }, 400, 'invalid_value', 'kv_budget'],
      [{ kv_policy: 'h2o', kv_budget: 32 }, 400, '', null],
      [
        { messages: [{ role: 'user', content: 'x'.repeat(3000) }] },
        400,
        'context_length_exceeded',
        null,
      ],
      [
        { stream: true, messages: [{ role: 'user', content: 'x'.repeat(3000) }] },
        400,
        'context_length_exceeded',
        null,
      ],
      [{ logit_bias: { x: 1 } }, 400, 'invalid_value', 'logit_bias.x'],
      [{ logit_bias: { 9999: 1 } }, 400, 'invalid_value', 'logit_bias'],
      [{ modalities: ['text', 'audio'] }, 400, 'unsupported_parameter', 'modalities'],
      [{ messages: [{ role: 'user', content: null }] }, 400, '', null], // refused by the template
      [
        {
          messages: [
            { ...greet[0], tool_calls: [{ function: { name: 'x', arguments: nested(999) } }] },
          ],
        },
        ...([400, 'invalid_value', 'arguments'] as const),
      ],
      [{ unheard_of: JSON.parse(nested(999)) }, 400, 'invalid_value', null],
    ];
    for (const [more, status, code, param] of cases) {
      const error = await chat(more).then(
        () => null,
        (one: unknown) => one,
      );
      expect(error, JSON.stringify(more).slice(0, 80)).toBeInstanceOf(OpenAI.APIError);
      const {
        status: got,
        code: reason,
        param: name,
      } = error as InstanceType<typeof OpenAI.APIError>;
      expect([got, reason ?? '', name], String(error)).toEqual([status, code, param]);
      expect(String(error)).not.toMatch(/\/\w+\//); // where files are is not told
    }
    const wrong = { model, prompt: [0, 9999] };
    await expect(openai.completions.create(wrong)).rejects.toThrow('9999 is no token');
    const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'no', maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toThrow(OpenAI.AuthenticationError);
    await expect(chat({ user: 'me', metadata: {}, unheard_of: 1 })).resolves.toBeDefined();
    const harmless = { model: null, modalities: ['text'], stream_options: { include_usage: null } };
    await expect(chat(harmless)).resolves.toBeDefined();
    const answers: (string | null)[][] = [];
    for (const seed of [-1, -1, Number.MAX_SAFE_INTEGER]) {
      // One after the other: on a busy machine three at once may be more than wait.
      const { choices } = await chat({ seed, n: 2, temperature: 90, max_tokens: 12 });
      answers.push(choices.map(({ message }) => message.content));
    }
    const [one, same, other] = answers;
    expect([one, new Set([...one!, ...other!]).size]).toEqual([same, 4]);
    expect(server.log()).toMatch(/ignored .*unheard_of/);
    expect(server.log()).not.toMatch(/\n\s+at /); // nothing unforeseen
  });

  it('is asked to come back when too many wait, and all others are answered', async () => {
    const all = await Promise.allSettled(
      Array.from({ length: 9 }, (_, i) =>
        openai.chat.completions.create({
          model,
          messages: [{ role: 'user', content: `${i}` }],
          temperature: 0,
          logit_bias: { 96: -100 },
          max_tokens: 60,
        }),
      ),
    );
    const refused = all.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) {
      expect(reason).toBeInstanceOf(OpenAI.RateLimitError);
      expect(Number((reason as { headers: Headers }).headers.get('retry-after'))).toBeGreaterThan(
        0,
      );
    }
    expect(all.length - refused.length).toBeGreaterThanOrEqual(2);
  });
});

describe('the AI SDK', () => {
  const provider = () =>
    createOpenAICompatible({
      name: 'namm',
      baseURL: `${server.url}/v1`,
      apiKey,
      includeUsage: true,
    });

  it('generates, streams, calls tools and can be stopped', async () => {
    const own = { model: provider()(model), temperature: 0, maxRetries: 0 };
    const { text, usage, finishReason } = await generateText({ ...own, prompt: 'hi' });
    expect([text, finishReason, usage.outputTokens]).toEqual(['Hello there.', 'stop', 5]);
    const stream = streamText({ ...own, prompt: 'hi' });
    let streamed = '';
    for await (const piece of stream.textStream) streamed += piece;
    expect([streamed, await stream.finishReason]).toEqual(['Hello there.', 'stop']);
    const asked: string[] = [];
    const inputSchema = z.object({ city: z.string() });
    const execute = async ({ city }: { city: string }) => {
      asked.push(city);
      return 'rain';
    };
    const both = { weather: tool({ description: 'tells the weather', inputSchema, execute }) };
    const called = await generateText({
      ...own,
      prompt: 'hi',
      tools: both,
      stopWhen: stepCountIs(3),
    });
    expect([called.text, asked]).toEqual(['Hello there.', ['Paris']]);
    const structured = createOpenAICompatible({
      ...{ name: 'namm', baseURL: `${server.url}/v1`, apiKey, supportsStructuredOutputs: true },
    });
    const { output } = await generateText({
      ...{ ...own, model: structured(model), prompt: 'hi' },
      output: Output.object({
        schema: z.object({ sky: z.enum(['blue', 'grey']), wet: z.boolean() }),
      }),
    });
    expect(output).toEqual({
      sky: expect.stringMatching(/^(blue|grey)$/),
      wet: expect.any(Boolean),
    });
    const abort = new AbortController();
    const endless = streamText({
      ...{ ...own, prompt: 'hi', abortSignal: abort.signal, onError: () => {} },
      providerOptions: { namm: { logit_bias: { 96: -100 }, kv_budget: 32 } },
      maxOutputTokens: 8000,
    });
    let count = 0;
    for await (const _ of endless.textStream) if (++count === 4) abort.abort();
    await idle();
    const wrong = generateText({ ...own, model: provider()('other'), prompt: 'hi' });
    await expect(wrong).rejects.toThrow(/'other' is not served/);
  });
});

describe('a server', () => {
  const post = (url: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${apiKey}`,
        ...headers,
      },
    });

  it('refuses other origins, other names and other bodies', async () => {
    const { url } = server;
    const body = JSON.stringify({ messages: greet });
    expect((await post(url, body, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post(url, body, { origin: url })).status).toBe(200);
    expect((await post(url, body, { 'content-type': 'text/plain' })).status).toBe(415);
    const broken = await post(url, '{"messages": [');
    expect([
      broken.status,
      ((await broken.json()) as { error: { code: string } }).error.code,
    ]).toEqual([400, 'invalid_json']);
    expect((await post(url, `"${'x'.repeat(5 * 2 ** 20)}"`)).status).toBe(413);
    expect((await post(url, 'null')).status).toBe(400);
    for (const path of ['/v1/nothing', '/../etc/passwd', '/v1/models/%2e%2e', '/%00']) {
      const answer = await fetch(url + path, { headers: { authorization: `Bearer ${apiKey}` } });
      expect([
        answer.status,
        typeof ((await answer.json()) as { error: { message: string } }).error.message,
      ]).toEqual([404, 'string']);
    }
    const { request } = await import('node:http');
    const status = await new Promise((resolve) => {
      request(`${url}/health`, { headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect(status).toBe(421);
    expect(await (await fetch(`${url}/ready`)).json()).toEqual({ status: 'ready' });
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
  });

  it('answers on when the disk is full, and says what was not saved', async () => {
    await inFolder(async (folder) => {
      const { url, log, child } = await setup.start({ folder }, {}, 1);
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 });
      const prompt = 'Once upon a time, '.repeat(9);
      const request = { model, prompt, max_tokens: 4, temperature: 0 };
      const { usage, choices } = await client.completions.create(request);
      const { conversation } = (usage as unknown as { kv: { conversation: string } }).kv;
      const saved = await fetch(`${url}/v1/conversations/${conversation}/save`, { method: 'POST' });
      const { error } = (await saved.json()) as { error: { type: string; message: string } };
      expect([saved.status, error.type]).toEqual([507, 'server_error']);
      expect(error.message).toMatch(/EFBIG|file too large/i);
      expect(error.message).not.toMatch(/ {4}at /);
      expect(await readdir(folder)).toEqual([]); // no half of a file
      expect((await client.completions.create(request)).choices).toEqual(choices);
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
      expect(log()).toContain('a conversation is not saved');
    });
  });

  it('goes on after a kill with what was saved, by the same tokens', async () => {
    await inFolder(async (folder) => {
      const budget = { kv_budget: 24, kv_policy: 'keydiff' };
      const ask = async (url: string, content: string) => {
        const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 });
        const prompt = {
          model,
          prompt: content,
          max_tokens: 9,
          temperature: 0,
          logprobs: 3,
          ...budget,
        };
        const { choices, usage } = await client.completions.create(prompt);
        const { id } = {
          id: (usage as unknown as { kv: { conversation: string } }).kv.conversation,
        };
        return {
          text: choices[0]!.text,
          logprobs: choices[0]!.logprobs!.token_logprobs,
          id,
          usage: usage!,
        };
      };
      const beginning = `${'Once upon a time, '.repeat(9)}Once`;
      const first = await setup.start({ folder });
      const one = await ask(first.url, beginning);
      const second = `${beginning + one.text}! Once`;
      const expected = await ask((await setup.start()).url, beginning);
      expect(one.text).toBe(expected.text);
      const saved = await fetch(`${first.url}/v1/conversations/${one.id}/save`, { method: 'POST' });
      expect(await saved.json()).toEqual({ id: one.id, is_saved: true });
      const alive = await ask(first.url, second);
      first.child.kill('SIGKILL');
      await once(first.child, 'exit');
      const again = await setup.start({ folder });
      const after = await ask(again.url, second);
      expect(after.usage.prompt_tokens_details!.cached_tokens).toBeGreaterThan(50);
      expect([after.text, after.logprobs]).toEqual([alive.text, alive.logprobs]);
      const gone = await fetch(`${again.url}/v1/conversations/${one.id}`, { method: 'DELETE' });
      expect(gone.status).toBe(200);
      const list = (await (await fetch(`${again.url}/v1/conversations`)).json()) as {
        data: { id: string }[];
      };
      expect(list.data.map(({ id }) => id)).not.toContain(one.id);
      again.child.kill('SIGTERM');
      const [code] = await once(again.child, 'exit');
      expect(code).toBe(0);
    });
  });
});
