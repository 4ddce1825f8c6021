import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnswerPart, ToolCallReader } from './tool-calls.js';

function read(pieces: readonly string[]): AnswerPart[] {
  const reader = new ToolCallReader();
  const parts = [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
  const joined: AnswerPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.kind === 'text' && last?.kind === 'text') {
      joined[joined.length - 1] = { kind: 'text', text: last.text + part.text };
    } else joined.push(part);
  }
  return joined;
}

const call = (name: string, given: string): AnswerPart => {
  return { kind: 'call', call: { name, arguments: given } };
};
const text = (said: string): AnswerPart => ({ kind: 'text', text: said });

describe('ToolCallReader', () => {
  it.each<[string, AnswerPart[]]>([
    ['no call < here', [text('no call < here')]],
    [
      'Sure.<tool_call>\n{"name": "a", "arguments": {"x": "<tool"}}\n</tool_call><tool_call>{"name":"b"}</tool_call>!',
      [text('Sure.'), call('a', '{"x":"<tool"}'), call('b', '{}'), text('!')],
    ],
    ['<tool_call>{"name": "a", "arguments": "{}"}', [call('a', '{}')]],
    ['<tool_call>{"nam</tool_call>', [text('<tool_call>{"nam</tool_call>')]],
    ['x<tool_call>{"name": 3', [text('x<tool_call>{"name": 3')]],
    ['<tool_', [text('<tool_')]],
  ])('%s', (answer, expected) => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(answer.length)), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), answer.length];
        const pieces = places.slice(1).map((end, i) => answer.slice(places[i], end));
        expect(read(pieces)).toEqual(expected);
      }),
    );
  });
});
