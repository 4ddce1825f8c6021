import { checkInteger, checkNames, Random } from '@namm/core';
import type { ProtectedSpan } from '@namm/kv-cache';
import type { Filler } from '../filler.js';
import type { PreparedSample, SampleTokenizer } from '../prepare-sample.js';
import type { ChatRenderer } from '../spoken/prompt-frame.js';
import { drawInstructions, type Instruction } from './instruction-kinds.js';

/** How instructions, text and requests are put to a model. */
export interface InstructionFrame {
  /** Stands before the instructions. */
  readonly opening: string;
  /** Between the instructions and what the user says. */
  readonly toUser: string;
  /** Between what the user says and the answer. */
  readonly toAnswer: string;
}

/** For models without a chat template. */
const plain: InstructionFrame = {
  opening: '',
  toUser: '\n\nUser: ',
  toAnswer: '\nAssistant: ',
};

/** Letters that no template changes. */
const [system, user] = ['QSYSTEMQ', 'QUSERQ'];

/** The frame of a model: that of its chat template, with the instructions as its system prompt, where it has one. */
export function instructionFrame(
  tokenizer: ChatRenderer & { readonly chatTemplates: readonly unknown[] },
): InstructionFrame {
  if (tokenizer.chatTemplates.length === 0) return plain;
  const messages = [
    { role: 'system', content: system },
    { role: 'user', content: user },
  ];
  const text = tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true });
  const [opening = '', rest = ''] = text.split(system);
  const [toUser = '', toAnswer = ''] = rest.split(user);
  return { opening, toUser, toAnswer };
}

/** Options of {@link instructionPrompt}. */
export interface InstructionPromptOptions {
  readonly tokenizer: SampleTokenizer;
  readonly frame: InstructionFrame;
  /** How many instructions it has, each of another kind. */
  readonly instructions: number;
  /** Tokens of the prompt, about, the requests apart; what the instructions leave is prose. */
  readonly length: number;
  /** Prose of the split `test`. */
  readonly filler: Filler;
  readonly seed: number;
  /** Which of the prompts of the seed. */
  readonly index: number;
}

/** A prompt with several instructions, and a request for each. */
export interface InstructionPrompt {
  readonly instructions: readonly Instruction[];
  /** Tokens of the instructions, with what the template puts before them. */
  readonly systemTokens: number;
  /** The tokens of each instruction. */
  readonly spans: readonly ProtectedSpan[];
  /** One request each behind the same context: the instructions and the text. */
  readonly requests: readonly PreparedSample[];
}

const introduction = 'You are a helpful assistant. Follow all of these instructions.\n';

/**
 * A system prompt with several instructions, then a long user text, then a request that one of the instructions is
 * about. An instruction counts as followed if the answer, whose beginning is given, continues as it says; nothing else
 * in the prompt says that. The same bytes for the same options.
 *
 * @throws {InvalidArgumentError} for more instructions than there are kinds
 */
export function instructionPrompt(options: InstructionPromptOptions): InstructionPrompt {
  checkNames('instructionPrompt', options, [
    ...(['tokenizer', 'frame', 'instructions', 'length', 'filler', 'seed', 'index'] as const),
  ]);
  const { tokenizer, frame, filler, seed, index, length } = options;
  checkInteger('instructions', options.instructions, 1);
  const encode = (text: string) => Array.from(tokenizer.encode(text, { addSpecialTokens: false }));
  const random = new Random(seed, index);
  const instructions = drawInstructions(random, options.instructions);
  const ids = [...Array.from(tokenizer.encode(frame.opening)), ...encode(introduction)];
  const spans: ProtectedSpan[] = [];
  for (const [i, { text }] of instructions.entries()) {
    const start = ids.length;
    ids.push(...encode(i === instructions.length - 1 ? text : `${text}\n`));
    spans.push({ start, end: ids.length });
  }
  const systemTokens = ids.length;
  ids.push(...encode(frame.toUser));
  for (const piece of filler.passage('prose', 'test', random).pieces()) {
    const more = encode(piece);
    if (ids.length + more.length > length) break;
    ids.push(...more);
  }
  const isLong = ids.length > systemTokens + encode(frame.toUser).length;
  const context = Int32Array.from(ids);
  const requests = instructions.map(({ kind, request, start, wanted }): PreparedSample => {
    const asked = encode(`${isLong ? '\n\n' : ''}${request}${frame.toAnswer}${start}`);
    const answer = encode(wanted);
    return {
      ...{ id: `instructions/${seed}/${index}/${kind}`, family: 'instructions', context },
      tail: Int32Array.from([...asked, ...answer]),
      questions: [{ parts: [{ from: asked.length, to: asked.length + answer.length }] }],
    };
  });
  return { instructions, systemTokens, spans, requests };
}
