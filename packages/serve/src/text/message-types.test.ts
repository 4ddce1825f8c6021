import { ChatPrompts } from '@namm/decoder';
import type { ModelMessage } from 'ai';
import type OpenAI from 'openai';
import { expect, it } from 'vitest';

// That these calls type-check under `strict` is the test; that they render shows that the types do not lie.
const chat = new ChatPrompts('none', new Map(), { bos_token: '<s>' });
const template =
  "{{ bos_token }}{% for m in messages %}{{ m.role }} {{ m.content | tojson }} {{ (m.tool_calls or []) | map(attribute='function.name') | join }};{% endfor %}{{ (tools or []) | length }}{{ (documents or []) | length }}";

it('takes the messages and tools of the OpenAI client', () => {
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'developer', content: 'Be brief.' },
    { role: 'user', name: 'ann', content: [{ type: 'text', text: 'What is 2 + 3?' }] },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'add', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'a', content: '5' },
  ];
  const tools: OpenAI.ChatCompletionTool[] = [
    { type: 'function', function: { name: 'add', parameters: { type: 'object' } } },
  ];
  expect(chat.render(messages, { template, tools })).toBe(
    '<s>developer "Be brief." ;user [{"type": "text", "text": "What is 2 + 3?"}] ;assistant null add;tool "5" ;10',
  );
  const answer = { role: 'assistant', content: 'Five.', refusal: null } as const;
  const said: OpenAI.ChatCompletionMessage = answer;
  expect(chat.render([said], { template })).toBe('<s>assistant "Five." ;00');
});

it('takes the messages of the AI SDK', () => {
  const messages: ModelMessage[] = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: [{ type: 'text', text: 'Hello' }] },
  ];
  expect(chat.render(messages, { template })).toContain('assistant [{"type": "text"');
});

it('takes interfaces, literals with further fields, calls in other forms, and documents', () => {
  interface Own {
    readonly role: 'user' | 'assistant';
    content: string;
  }
  interface Paper {
    title: string;
  }
  const own: Own[] = [{ role: 'user', content: 'Hi' }];
  const documents: Paper[] = [{ title: 'A' }];
  expect(chat.render(own, { template, documents })).toBe('<s>user "Hi" ;01');
  const literals = [
    { role: 'assistant', content: 'x', thinking: 'y', mood: { is: 'good' } },
    { role: 'assistant', tool_calls: [{ name: 'add', arguments: { a: 1 } }] },
  ];
  expect(chat.render(literals, { template: '{{ messages[0].mood.is }}' })).toBe('good');
  expect(
    chat.render([{ role: 'assistant', content: undefined, mood: 1 }], {
      template: '{{ messages[0].mood }}',
    }),
  ).toBe('1');
});
