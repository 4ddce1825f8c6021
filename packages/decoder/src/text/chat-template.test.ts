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

  it.each([
    ["{{ '%.0f' % 2.5 }} {{ '{:.1e}'.format(1.25) }} {{ '%.2g' % 0.125 }}", '2 1.2e+00 0.12'],
    ["{{ '٣'|int }} {{ '１２'|int }} {{ '٣.٥'|float }}", '3 12 3.5'],
    ['{{ {10: 1, 2: 2}|tojson(sort_keys=true) }}', '{"2": 2, "10": 1}'],
    ["{{ 'ŉa'.capitalize() }} {{ 'Straße'.casefold() }}", 'ʼNa strasse'],
    ["{{ '<'|e|upper|e }} {{ '<a'|safe|trim|e }} {{ 'B<'|e|lower|e }}", '&LT; <a b&lt;'],
    ["{{ 'a<'|e|capitalize|e }} {{ '<'|e|center(6)|e }}", 'A&lt;  &lt; '],
  ])('renders %s as Python does', (template, expected) => {
    expect(render(template, {})).toBe(expected);
  });

  it.each([
    ["{{ {1: 1, 'a': 2}|tojson(sort_keys=true) }}", /'<' not supported/],
    ['{{ 7|indent }}', /\|indent needs a str, not int/],
    ['{{ nothing|indent }}', /'nothing' is undefined/],
    ['{{ [1]|slice(0)|list }}', /modulo by zero/],
    ['{{ self }}', /TemplateReference/],
    ["{{ '\\ud83d'|tojson }}", /surrogate/],
    ["{{ '%s'|e|format('<') }}", /\|format of text from \|escape/],
    ["{{ '{:_x}'.format(123456) }}", /the format '_x' is not supported/],
    ["{{ '{:_b}'.format(123456) }}", /the format '_b' is not supported/],
    ["{{ 'ŉ'.casefold() }}", /casefold of 'ŉ'/],
    ["{{ '一'.isnumeric() }}", /isnumeric/],
  ])('refuses %s', (template, message) => {
    expect(() => render(template, {})).toThrow(TokenizerError);
    expect(() => render(template, {})).toThrow(message);
  });
});
