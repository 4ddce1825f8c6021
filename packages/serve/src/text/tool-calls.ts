import type { ChatMessage, Tokenizer } from '@namm/decoder';

/** A call of a tool that the model wrote. */
export interface WrittenCall {
  readonly name: string;
  /** An object, as JSON text. */
  readonly arguments: string;
}

export type AnswerPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly call: WrittenCall };

const open = '<tool_call>';
const close = '</tool_call>';

/** What stands around a call. */
export const callMarks = { open, close } as const;

/** The special tokens that calls may be written with. */
export const callTokens: ReadonlySet<string> = new Set([open, close]);

/**
 * Why a model cannot be given tools, or null when it can: its chat template has to show them, and to write calls as
 * `<tool_call>{"name": …, "arguments": …}</tool_call>`, the one form that is read here.
 */
export function whyNoTools(tokenizer: Tokenizer): string | null {
  const call = {
    type: 'function',
    function: { name: 'probe_name', arguments: { probe: 1 } },
  } as const;
  const messages: ChatMessage[] = [
    { role: 'user', content: 'probe' },
    { role: 'assistant', content: '', tool_calls: [call] },
  ];
  const parameters = { type: 'object', properties: { probe: { type: 'number' } } };
  const tool = { type: 'function', function: { name: 'probe_tool', description: 'p', parameters } };
  try {
    const text = tokenizer.applyChatTemplate(messages, { tools: [tool] });
    if (!text.includes('probe_tool')) return 'its chat template does not show tools';
    if (new RegExp(`${open}\\s*\\{[^]*probe_name[^]*\\}\\s*${close}`).test(text)) return null;
    return `its chat template does not write calls as ${open}…${close}`;
  } catch (error) {
    return `its chat template refuses tools: ${(error as Error).message}`;
  }
}

/** Parts a text that comes in pieces into what is said and the calls of tools in it. */
export class ToolCallReader {
  #held = '';

  push(text: string): AnswerPart[] {
    this.#held += text;
    const parts: AnswerPart[] = [];
    while (true) {
      const start = this.#held.indexOf(open);
      if (start < 0) break;
      const end = this.#held.indexOf(close, start);
      if (end < 0) {
        if (start > 0) parts.push(...this.#say(start));
        return parts;
      }
      if (start > 0) parts.push(...this.#say(start));
      const whole = this.#held.slice(0, end - start + close.length);
      this.#held = this.#held.slice(whole.length);
      parts.push(partOf(whole));
    }
    parts.push(...this.#say(this.#held.length - possibleStart(this.#held)));
    return parts;
  }

  /** The rest, when nothing follows: a call that was not closed, for instance. */
  end(): AnswerPart[] {
    const rest = this.#held;
    this.#held = '';
    if (rest === '') return [];
    return [rest.startsWith(open) ? partOf(rest + close, rest) : { kind: 'text', text: rest }];
  }

  #say(length: number): AnswerPart[] {
    const text = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    return text === '' ? [] : [{ kind: 'text', text }];
  }
}

/** What is no call is text, so that nothing the model wrote is lost. */
function partOf(whole: string, text = whole): AnswerPart {
  try {
    const call: unknown = JSON.parse(whole.slice(open.length, -close.length));
    const { name, arguments: given = {} } = call as { name?: unknown; arguments?: unknown };
    if (typeof name !== 'string') return { kind: 'text', text };
    const json = typeof given === 'string' ? given : JSON.stringify(given);
    return { kind: 'call', call: { name, arguments: json } };
  } catch {
    return { kind: 'text', text };
  }
}

function possibleStart(text: string): number {
  for (let length = Math.min(open.length - 1, text.length); length > 0; length--) {
    if (open.startsWith(text.slice(-length))) return length;
  }
  return 0;
}
