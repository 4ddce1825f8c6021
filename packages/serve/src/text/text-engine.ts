import { InvalidArgumentError } from '@namm/core';
import {
  type ChatMessage,
  PositionLimitError,
  type Tokenizer,
  TokenizerError,
} from '@namm/decoder';
import type { BudgetInput, ProtectedSpan } from '@namm/kv-cache';
import type { ChosenPolicy } from '../engine/chosen-policy.js';
import type { Engine } from '../engine/engine.js';
import type { AnswerEvent, AnswerRequest, AnswerUsage } from './answer-request.js';
import { Constraints } from './constraints.js';
import { type PromptPlan, planChat, protectedSpans, withMessages } from './plan-prompt.js';
import { TextWriter, type TokenLogprob } from './text-writer.js';
import { callTokens, ToolCallReader, whyNoTools } from './tool-calls.js';

export interface TextEngineOptions {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  /**
   * What conversations keep that do not say so themselves.
   * @defaultValue everything
   */
  readonly policy?: string;
  readonly budget?: BudgetInput;
}

/** The policy of a budget that comes without one: it answers best of those that need no attention. */
const presetPolicy = 'keydiff';

/** Answers in text: prompts through the tokenizer and its chat template, and calls of tools out of answers. */
export class TextEngine {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly #options: TextEngineOptions;
  readonly #whyNoTools: string | null;
  readonly #constraints: Constraints;
  #draws = 0;

  /** @throws {TokenizerError} when the folder asks for a way of writing that does not exist here */
  constructor(options: TextEngineOptions) {
    const { engine, tokenizer } = options;
    const { unsupported, file } = tokenizer.generation;
    if (unsupported.length > 0) {
      throw new TokenizerError(
        file,
        `asks for ${unsupported.join(', ')}, which is not possible here`,
      );
    }
    this.engine = engine;
    this.tokenizer = tokenizer;
    this.#options = options;
    this.#whyNoTools = whyNoTools(tokenizer);
    this.#constraints = new Constraints(tokenizer, engine.model.spec.vocabularySize ?? 0);
  }

  /**
   * The policy that a request names, or the server's own.
   *
   * @throws as {@link Engine.choosePolicy}
   */
  async choosePolicy(policy: string | null, budget: BudgetInput | null): Promise<ChosenPolicy> {
    const own = this.#options;
    const ownBudget = own.budget ?? null;
    const name =
      policy ?? (budget === null ? own.policy : own.policy === 'full' ? undefined : own.policy);
    if (name === undefined && (budget ?? ownBudget) === null) {
      return await this.engine.choosePolicy('full', null);
    }
    const chosen = name ?? presetPolicy;
    return await this.engine.choosePolicy(
      chosen,
      chosen === 'full' ? budget : (budget ?? ownBudget),
    );
  }

  /**
   * Answers a request. Its answers are told while they are written.
   *
   * @throws {InvalidArgumentError | TokenizerError | PositionLimitError} for what cannot be answered
   * @param onAccepted is told that the request waits or is answered: nothing was wrong with it
   * @throws as {@link Engine.run}
   */
  async answer(request: AnswerRequest, onAccepted: () => void = () => {}): Promise<AnswerUsage> {
    const { engine, tokenizer } = this;
    const { prompt, n, stop, sampling, logitBias, signal, onPart } = request;
    const tools = 'messages' in prompt ? prompt.tools : null;
    if (tools !== null && this.#whyNoTools !== null) {
      throw new InvalidArgumentError('tools', `this model cannot use any: ${this.#whyNoTools}`);
    }
    if (tools === null && request.form.toolChoice !== 'auto') {
      throw new InvalidArgumentError('tool_choice', 'asks for a call, but there are no tools');
    }
    const constraint = this.#constraints.find(request.form, tools);
    const { vocabularySize } = engine.model.spec;
    for (const id of logitBias.keys()) {
      if (id < vocabularySize!) continue;
      throw new InvalidArgumentError('logit_bias', `${id} is no token of the ${vocabularySize}`);
    }
    const policy = await this.choosePolicy(request.policy, request.budget);
    const plan = this.#plan(prompt);
    const ids = [...plan.ids];
    const spans = spansOf(policy, plan);
    const maxNewTokens = this.#limit(request.maxTokens, ids.length, policy, spans);
    const { generation } = tokenizer;
    const rules = { ...generation, sampling: { ...generation.sampling, ...sampling }, logitBias };
    const seed = request.seed ?? ++this.#draws;
    const writers = Array.from({ length: n }, (_, answer) => {
      const parts = new AnswerParts(tools !== null, (part) => onPart(answer, part));
      const writer = new TextWriter({
        ...{ tokenizer, rules, stop, prompt: ids, limit: maxNewTokens },
        seed: seed + answer,
        logprobs: request.logprobs,
        constraint: constraint?.begin() ?? null,
        shown: tools === null ? new Set() : callTokens,
        onPiece: (text, tokens) => parts.push(text, tokens),
      });
      return {
        writer,
        next(logits: Float32Array) {
          const id = writer.next(logits);
          if (id === null) parts.end(writer.finish!);
          return id;
        },
      };
    });
    const { tail, keepAt } = plan;
    const { reused, conversations } = await engine.run({
      ...{ ids: plan.ids, policy, spans, tail, keepAt, maxNewTokens, writers, signal, onAccepted },
      ...(request.client !== undefined && { client: request.client }),
      ...(request.pace && { pace: request.pace }),
    });
    return {
      promptTokens: ids.length,
      reused,
      written: writers.reduce((sum, { writer }) => sum + writer.count, 0),
      conversation: conversations[0] ?? null,
    };
  }

  /**
   * Reads a conversation without answering, as far as it was not read before.
   *
   * @param wanted what it may keep
   * @throws as {@link answer}
   */
  async read(
    messages: readonly ChatMessage[],
    wanted: Pick<AnswerRequest, 'policy' | 'budget' | 'signal'>,
  ): Promise<AnswerUsage> {
    const policy = await this.choosePolicy(wanted.policy, wanted.budget);
    const plan = planChat(this.tokenizer, messages, null, { addGenerationPrompt: false });
    const { ids, keepAt } = plan;
    const spans = spansOf(policy, plan);
    this.#limit(1, ids.length, policy, spans);
    const { reused, conversations } = await this.engine.run({
      ...{ ids, policy, keepAt, spans, maxNewTokens: 1 },
      ...{ writers: [{ next: () => null }], signal: wanted.signal },
    });
    return { promptTokens: ids.length, reused, written: 0, conversation: conversations[0] ?? null };
  }

  #plan(prompt: AnswerRequest['prompt']): PromptPlan {
    const { vocabularySize } = this.engine.model.spec;
    if ('messages' in prompt) {
      const { messages, tools, keeps = [] } = prompt;
      return planChat(this.tokenizer, messages, tools, { keeps });
    }
    const ids = 'text' in prompt ? this.tokenizer.encode(prompt.text) : prompt.ids;
    const wrong = ids.find((id) => id >= vocabularySize!);
    if (wrong !== undefined) {
      throw new InvalidArgumentError('prompt', `${wrong} is no token of the ${vocabularySize}`);
    }
    if (ids.length === 0) throw new InvalidArgumentError('prompt', 'has no token');
    const none = { systemTokens: 0, systemParts: [], spans: [], tail: 0, keepAt: [] };
    return { ids: Int32Array.from(ids), ...none };
  }

  /** The last token written is not read, so it needs no position; compact positions do not run out. */
  #limit(
    wanted: number | null,
    length: number,
    policy: ChosenPolicy,
    spans: readonly ProtectedSpan[],
  ): number {
    const { maximumPositions } = this.engine.model.spec;
    if (this.engine.isEndless(policy, spans)) return wanted ?? 1024;
    const room = maximumPositions - length + 1;
    if (room < 1) {
      const advice = policy.isBounded
        ? 'Shorten the prompt, or give it a smaller kv_budget.'
        : 'Shorten the prompt, or give it a kv_budget.';
      throw new PositionLimitError(length, maximumPositions, advice);
    }
    return Math.min(wanted ?? room, room, wanted === null ? 1024 : Infinity);
  }
}

/** What no policy may drop of a prompt. */
function spansOf(
  policy: ChosenPolicy,
  { systemTokens, systemParts, spans }: PromptPlan,
): ProtectedSpan[] {
  if (policy.name === 'full') return [];
  const rows = policy.mostRows(Number.MAX_SAFE_INTEGER);
  const rules = protectedSpans(systemTokens, rows, systemParts);
  return withMessages(rules, spans, systemTokens);
}

/** Tells an answer part by part, with calls of tools as such. */
class AnswerParts {
  readonly #reader: ToolCallReader | null;
  readonly #tell: (part: AnswerEvent) => void;
  #calls = 0;

  constructor(hasTools: boolean, tell: (part: AnswerEvent) => void) {
    this.#reader = hasTools ? new ToolCallReader() : null;
    this.#tell = tell;
  }

  push(text: string, tokens: readonly TokenLogprob[]): void {
    if (this.#reader === null) this.#tell({ kind: 'text', text, tokens });
    else this.#tellParts(this.#reader.push(text), tokens);
  }

  end(finish: 'stop' | 'length'): void {
    if (this.#reader !== null) this.#tellParts(this.#reader.end(), []);
    this.#tell({ kind: 'end', reason: this.#calls > 0 ? 'tool_calls' : finish });
  }

  #tellParts(parts: ReturnType<ToolCallReader['push']>, tokens: readonly TokenLogprob[]): void {
    let left = tokens;
    for (const part of parts) {
      if (part.kind === 'text') this.#tell({ ...part, tokens: left });
      else this.#tell({ ...part, index: this.#calls++ });
      left = [];
    }
    if (left.length > 0) this.#tell({ kind: 'text', text: '', tokens: left });
  }
}
