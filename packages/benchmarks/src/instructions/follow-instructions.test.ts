import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import { Decoder } from '@namm/decoder';
import { sinkRecent } from '@namm/kv-cache';
import { inFolder, randomModel } from '@namm/testing';
import { describe, expect, it } from 'vitest';
import { testFiller } from '../../test/test-filler.js';
import { LineStore } from '../compare/line-store.js';
import { ModelPerProbe } from '../model-per-probe.js';
import type { SpokenResult } from '../spoken/spoken-result.js';
import { followInstructions } from './follow-instructions.js';
import { instructionKinds } from './instruction-kinds.js';
import { instructionFrame, instructionPrompt } from './instruction-prompt.js';

/** One token a character, so that tokens are read as text. */
const tokenizer = { encode: (text: string) => Array.from(text, (one) => one.codePointAt(0)!) };
const textOf = (ids: Int32Array) => String.fromCodePoint(...ids);
const frame = instructionFrame({ applyChatTemplate: () => '', chatTemplates: [] });
const options = { tokenizer, frame, filler: testFiller, seed: 1, index: 0 };

describe('instructionPrompt', () => {
  it('says each instruction once, where its span is, and asks for each behind the same text', () => {
    for (let index = 0; index < 20; index++) {
      const given = { ...options, index, instructions: 5, length: 1500 };
      const { instructions, spans, systemTokens, requests } = instructionPrompt(given);
      expect(instructionPrompt(given)).toEqual(instructionPrompt(given));
      expect(new Set(instructions.map(({ kind }) => kind)).size).toBe(5);
      const context = textOf(requests[0]!.context);
      expect(context.length).toBeLessThanOrEqual(1500);
      expect(context.length).toBeGreaterThan(1000);
      for (const [i, { text, request, start, wanted }] of instructions.entries()) {
        expect(context.slice(spans[i]!.start, spans[i]!.end).trimEnd()).toBe(text);
        const { tail, questions } = requests[i]!;
        const [{ from, to }] = questions[0]!.parts as [{ from: number; to: number }];
        expect(textOf(tail).slice(0, from)).toBe(`\n\n${request}${frame.toAnswer}${start}`);
        expect(textOf(tail).slice(from, to)).toBe(wanted);
        // What is wanted stands in the instruction, and nowhere in what is asked.
        expect(text).toContain(wanted.trim());
        expect(textOf(tail).slice(0, from)).not.toContain(wanted.trim());
      }
      expect(spans.at(-1)!.end).toBe(systemTokens);
      expect(requests.every((one) => one.context === requests[0]!.context)).toBe(true);
    }
  });

  it('is of instructions alone where the length leaves no room for more', () => {
    const { systemTokens, requests } = instructionPrompt({
      ...{ ...options, instructions: instructionKinds.length, length: 0 },
    });
    expect(requests[0]!.context.length).toBe(systemTokens + frame.toUser.length);
    expect(() => instructionPrompt({ ...options, instructions: 99, length: 0 })).toThrow(
      InvalidArgumentError,
    );
  });

  it('stands in the chat template where there is one', () => {
    const applyChatTemplate = (messages: readonly { role: string; content: string }[]) =>
      `${messages.map(({ role, content }) => `<${role}>${content}</>`).join('')}<assistant>`;
    const own = instructionFrame({ applyChatTemplate, chatTemplates: [{}] });
    expect(own).toEqual({ opening: '<system>', toUser: '</><user>', toAnswer: '</><assistant>' });
  });
});

it('asks under each policy with what it may not drop, and goes on from its store', async () => {
  const files = await randomModel({ max_position_embeddings: 4096 });
  const models = new ModelPerProbe((probe) => Decoder.load(files.folder, { threads: 1, probe }));
  const small = { encode: (text: string) => tokenizer.encode(text).map((one) => one % 23) };
  try {
    await inFolder(async (folder) => {
      let made = 0;
      const contenders = [false, true].map((isProtected) => ({
        name: isProtected ? 'protected' : 'free',
        budget: '25%',
        policy: (length: number) => {
          made++;
          return sinkRecent({ budget: Math.round(length / 4) });
        },
        ...(isProtected && {
          spans: ({ systemTokens }: { systemTokens: number }) => [{ start: 0, end: systemTokens }],
        }),
      }));
      const run = async (prompts: number) => {
        const store = await LineStore.open<SpokenResult>(join(folder, 'results.jsonl'));
        try {
          return await followInstructions({
            ...{ model: models, tokenizer: small, frame, filler: testFiller, contenders, store },
            ...{ instructions: 2, length: 1200, prompts, seed: 1 },
          });
        } finally {
          await store.close();
        }
      };
      const first = await run(1);
      const { answers, kinds } = await run(2);
      expect(answers.map(({ name }) => name)).toEqual(['full', 'free', 'protected']);
      expect(answers.map(({ prompts }) => prompts[0])).toEqual(
        first.answers.map(({ prompts }) => prompts[0]),
      );
      const [whole, free, held] = answers.map(({ prompts }) => prompts);
      expect(whole!.map(({ keptShare }) => keptShare)).toEqual([1, 1]);
      for (const one of [...free!, ...held!]) expect(one.keptShare).toBeCloseTo(0.25, 2);
      expect(free![0]!.logProbabilities).not.toEqual(held![0]!.logProbabilities);
      expect(kinds.reduce((sum, { of }) => sum + of, 0)).toBe(4);
      expect(made).toBe(6);
    });
  } finally {
    await models.release();
    await files.remove();
  }
});
