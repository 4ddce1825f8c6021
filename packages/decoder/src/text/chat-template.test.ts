import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ChatTemplate } from './chat-template.js';
import { TokenizerError } from './tokenizer-error.js';

type Variables = Record<string, unknown>;
type Outcome = { readonly expected?: string; readonly error?: string };

/** Made by `recipes/chat-templates` with transformers. */
const fixture = JSON.parse(
  readFileSync(new URL('__fixtures__/chat-templates.json', import.meta.url), 'utf8'),
) as {
  date: [number, number, number, number, number, number];
  variables: Variables;
  expressions: (Outcome & { readonly template: string })[];
  templates: Record<string, string>;
  conversations: (Variables & { readonly name: string })[];
  rendered: (Outcome & { readonly template: string; readonly conversation: string })[];
};
const [year, month, ...rest] = fixture.date;
const now = () => new Date(year, month - 1, ...rest);

function render(source: string, variables: Variables): string {
  const all = { tools: null, documents: null, add_generation_prompt: false, ...variables };
  return new ChatTemplate(source, 'chat_template.jinja').render(all, now);
}

function check({ expected, error }: Outcome, source: string, variables: Variables): void {
  if (error === undefined) expect(render(source, variables)).toBe(expected);
  else expect(() => render(source, variables)).toThrow(TokenizerError);
}

/** Right in transformers, but refused here, by a message that names it. */
const refused: Readonly<Record<string, RegExp>> = {
  "{{ 'a'.encode() }}": /str\.encode/,
  '{{ pair.__class__ }}': /__class__.*unsafe/,
};

describe('a chat template', () => {
  it('is compared on hundreds of expressions and dozens of conversations', () => {
    expect(fixture.expressions.filter(({ error }) => !error).length).toBeGreaterThan(200);
    expect(fixture.rendered.filter(({ error }) => !error).length).toBeGreaterThan(40);
  });

  it.each(fixture.expressions.filter(({ template }) => !(template in refused)))(
    'renders $template as transformers does',
    (one) => check(one, one.template, fixture.variables),
  );

  it.each(Object.entries(refused))('refuses %s by name', (template, message) => {
    expect(fixture.expressions.some((one) => one.template === template)).toBe(true);
    expect(() => render(template, fixture.variables)).toThrow(TokenizerError);
    expect(() => render(template, fixture.variables)).toThrow(message);
  });

  it.each(fixture.rendered)(
    'renders "$conversation" with $template as transformers does',
    (one) => {
      const conversation = fixture.conversations.find(({ name }) => name === one.conversation)!;
      const { name: _, ...variables } = conversation;
      const tokens = { bos_token: '<s>', eos_token: '</s>' };
      check(one, fixture.templates[one.template]!, { ...tokens, ...variables });
    },
  );
});
