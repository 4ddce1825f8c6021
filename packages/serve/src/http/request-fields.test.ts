import { expect, it } from 'vitest';
import { chatFields, completionFields, readFields, responseFields } from './request-fields.js';

const user = { role: 'user', content: 'Hello' };

it.each<[object, string]>([
  [{}, 'messages: is missing'],
  [{ messages: [] }, 'messages: is empty'],
  [{ messages: 'Hello' }, "messages: 'Hello' is not a list"],
  [{ messages: [{ content: 'x' }] }, "messages.0.role: is missing; it is 'system' or 'developer'"],
  [
    { messages: [{ ...user, role: 'usr' }] },
    "messages.0.role: 'usr' is none of system, developer, user, assistant, tool; did you mean 'user'?",
  ],
  [
    { messages: [{ ...user, content: 3 }] },
    'messages.0.content: is neither text nor parts of type text',
  ],
  [{ messages: [user], temperature: 'hot' }, "temperature: 'hot' is not a number"],
  [{ messages: [user], temperature: -1 }, 'temperature: -1 is below 0'],
  [{ messages: [user], max_tokens: 1.5 }, 'max_tokens: 1.5 is not a whole number'],
  [{ messages: [user], n: 17 }, 'n: 17 is above 16'],
  [{ messages: [user], stream: 'yes' }, "stream: 'yes' is not true or false"],
  [{ messages: [user], stop: ['a', ''] }, 'stop.1: is empty'],
  [{ messages: [user], stop: 3 }, 'stop: 3 is neither text nor a list'],
  [{ messages: [user], logit_bias: { a: 1 } }, 'logit_bias.a: names are ids of tokens'],
  [
    { messages: [user], response_format: { type: 'yaml' } },
    'response_format: is none of text, json_object and json_schema',
  ],
  [
    { messages: [user], response_format: { type: 'json_schema' } },
    'response_format: json_schema: is missing',
  ],
  [{ messages: [user], tools: [{ type: 'function' }] }, 'tools.0.function: is missing'],
  [{ messages: [user], tool_choice: 'maybe' }, "tool_choice: is none of 'auto', 'none'"],
])('says in words what is wrong with a chat: %j', (body, text) => {
  expect(() => readFields(chatFields, body, () => {})).toThrow(text);
});

it('says so of other completions too', () => {
  const completion = (body: unknown) => () => readFields(completionFields, body, () => {});
  expect(completion({})).toThrow('prompt: is missing');
  expect(completion({ prompt: ['a', 'b'] })).toThrow('nor ids of tokens; one prompt at a time');
  expect(completion(null)).toThrow('the body: null is not an object');
  const response = (input: unknown) => () => readFields(responseFields, { input }, () => {});
  expect(response([{ type: 'function_call', call_id: 'a', name: 'b' }])).toThrow(
    'input: 0.arguments: is missing',
  );
  expect(response([{ type: 'picture' }])).toThrow('is neither a message of text');
});
