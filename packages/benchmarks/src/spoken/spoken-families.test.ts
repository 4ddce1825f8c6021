import { Random } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { testFiller } from '../../test/test-filler.js';
import { generateSample } from '../generate-sample.js';
import { toPrompt } from '../to-prompt.js';
import { chatFrame, plainFrame } from './prompt-frame.js';
import { spokenFamilies } from './spoken-families.js';

const countTokens = (text: string) => text.split(/(?=[ \n])/).length;
const renderer = {
  applyChatTemplate: (
    messages: readonly { role: string; content: string }[],
    options: { addGenerationPrompt?: boolean } = {},
  ) =>
    messages.map(({ role, content }) => `<${role}>${content}</>`).join('') +
    (options.addGenerationPrompt ? '<assistant>' : ''),
};

describe('spokenFamilies', () => {
  it.each(spokenFamilies(plainFrame).map((family) => [family.name, family] as const))(
    '%s: what is asked stands in the text, after what it overrules',
    (_, family) => {
      for (let index = 0; index < 30; index++) {
        const sample = generateSample({
          ...{ family, length: 400, split: 'test', seed: 3, index, countTokens },
          filler: testFiller,
        });
        const { context, questions } = toPrompt(sample);
        expect(questions).toHaveLength(3);
        expect(new Set(questions.map(({ text }) => text)).size).toBe(3);
        for (const [number, { answer }] of questions.entries()) {
          const facts = sample.segments.filter(
            (segment) => segment.kind === 'fact' && segment.questions!.includes(number),
          );
          expect(facts.some(({ text }) => text.includes(answer))).toBe(true);
          for (const { text } of facts) expect(context).toContain(text);
        }
        const places = sample.segments.map(({ kind }) => kind);
        if (family.name === 'changed price') {
          expect(places.filter((kind) => kind === 'stale')).toHaveLength(3);
          for (const { text } of sample.segments.filter(({ kind }) => kind === 'stale')) {
            const thing = /price of the (\w+)/.exec(text)![1]!;
            const later = context.indexOf(`Later the price of the ${thing}`);
            expect(later).toBeGreaterThan(context.indexOf(text));
          }
        }
      }
    },
  );

  it('asks in a chat template, and goes on after an answer', () => {
    const frame = chatFrame(renderer);
    expect(frame.opening).toBe('<user>Read this text, then answer questions about it.\n\n');
    expect(frame.ask('Who?', 'It was')).toBe('\n\nWho?</><assistant>It was');
    expect(frame.stop).toBe('.</><user>');
    const [family] = spokenFamilies(frame);
    const { questions } = family!.plan(new Random(1), { facts: 3, questions: 3, stale: 0 });
    for (const { text } of questions)
      expect(text).toMatch(/^\n\nIn which town .*\?<\/><assistant>/);
  });
});
