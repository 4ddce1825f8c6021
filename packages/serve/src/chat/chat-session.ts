import { readFile } from 'node:fs/promises';
import {
  checkNames,
  counted,
  InvalidArgumentError,
  parseSealedJson,
  type RetentionRecord,
  sealedJson,
  writeFileAtomic,
} from '@namm/core';
import * as z from '@namm/core/schema';
import {
  type ChatMessage,
  retentionTexts,
  type SamplingSettings,
  type Tokenizer,
} from '@namm/decoder';
import { parseBudget } from '@namm/kv-cache';
import type { Engine } from '../engine/engine.js';
import type { AnswerUsage } from '../text/answer-request.js';
import { messageParts } from '../text/plan-prompt.js';
import { TextEngine } from '../text/text-engine.js';

export interface ChatSessionOptions {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  /** Eviction policy of the conversation; see `ServeOptions`. */
  readonly policy?: string;
  readonly budget?: string;
  /** System prompt. */
  readonly system?: string;
  /** @defaultValue 1024 */
  readonly maxTokens?: number;
  readonly sampling?: Partial<SamplingSettings>;
  readonly seed?: number;
  /**
   * Writes what each head held to a file, for `/retention`; this requires an engine loaded with `recording`.
   * @defaultValue the command is not available
   */
  readonly writeRetention?: (file: string, record: RetentionRecord) => Promise<void>;
}

const optionNames = [
  ...(['engine', 'tokenizer', 'policy', 'budget', 'system', 'maxTokens'] as const),
  ...(['sampling', 'seed', 'writeRetention'] as const),
] as const satisfies readonly (keyof ChatSessionOptions)[];

const help = `/policy [NAME]   what is forgotten; NAME changes it from here on
/budget [SIZE]   what is kept: tokens per head (512), a share (25%) or bytes (64MB); none for everything
/memory          what the conversation holds and what it costs
/undo            takes the last question and its answer back
/branch [NAME]   the branches; NAME goes to that branch, or begins it here
/save FILE       writes the conversation to a file
/load FILE       goes on with one
/retention FILE  writes what each head held of it and when: .html, .safetensors
/help            this
/exit            ends, where there is a terminal`;

const savedChat = z.object({
  version: z.literal(1),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
  policy: z.string().nullable(),
  budget: z.string().nullable(),
});

/**
 * A chat of one person with a model, with slash commands. It does not depend on a terminal. The engine keeps what was
 * read, so undoing, branching and loading do not require reading again.
 *
 * @example
 * ```ts
 * const chat = new ChatSession({ engine, tokenizer, budget: '64MB' });
 * for await (const piece of chat.say('Hello')) process.stdout.write(piece);
 * console.log(chat.status);
 * ```
 */
export class ChatSession {
  readonly #options: ChatSessionOptions;
  readonly #text: TextEngine;
  readonly #branches = new Map<string, readonly ChatMessage[]>();
  #branch = 'main';
  #messages: readonly ChatMessage[];
  #policy: string | null;
  #budget: string | null;
  #usage: AnswerUsage | null = null;
  /** What was said when it was told. */
  #told: readonly ChatMessage[] = [];
  #seconds = 0;

  /** @throws {InvalidArgumentError} for an option that does not exist */
  constructor(options: ChatSessionOptions) {
    checkNames('ChatSession', options, optionNames);
    const { engine, tokenizer, policy = null, budget = null, system } = options;
    this.#options = options;
    this.#text = new TextEngine({ engine, tokenizer });
    this.#policy = policy;
    this.#budget = budget;
    this.#messages = system === undefined ? [] : [{ role: 'system', content: system }];
  }

  /** The messages so far. */
  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  /** A line about the last answer: tokens seen and held, bytes, speed. */
  get status(): string {
    if (!this.#messages.some(({ role }) => role === 'user')) return 'nothing has been said yet';
    if (this.#told !== this.#messages || this.#usage?.conversation == null)
      return 'changed since the last answer; the next one counts again';
    const { written, conversation } = this.#usage;
    const { seen, held, bytes } = conversation;
    const rate = this.#seconds > 0 ? `, ${(written / this.#seconds).toFixed(1)} tokens/s` : '';
    return `${counted(seen, 'token')} seen, ${held} held, ${(bytes / 1e6).toFixed(2)} MB${rate}`;
  }

  /**
   * Sends a message and yields the answer piece by piece. The part written before a stop is kept.
   *
   * @param signal stops the answer; the pieces then simply end
   * @throws whatever the engine throws; the message is then not part of the conversation
   */
  async *say(content: string, signal: AbortSignal = new AbortController().signal) {
    const asked = [...this.#messages, { role: 'user', content }];
    const pieces: string[] = [];
    let wake = () => {};
    let first = 0;
    let answer = '';
    let isOver = false;
    const work = this.#text
      .answer({
        prompt: { messages: asked, tools: null },
        form: { schema: null, toolChoice: 'auto', parallelCalls: true },
        ...{ n: 1, stop: [], logitBias: new Map(), logprobs: null, signal },
        maxTokens: this.#options.maxTokens ?? 1024,
        sampling: this.#options.sampling ?? {},
        seed: this.#options.seed ?? null,
        policy: this.#policy,
        budget: this.#budget,
        onPart(_, part) {
          first ||= performance.now();
          if (part.kind === 'text' && part.text !== '') pieces.push(part.text);
          wake();
        },
      })
      .finally(() => {
        isOver = true;
        wake();
      });
    work.catch(() => {}); // it is awaited below
    while (!isOver || pieces.length > 0) {
      const piece = pieces.shift();
      if (piece === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (isOver || pieces.length > 0) resolve();
        });
        continue;
      }
      answer += piece;
      yield piece;
    }
    const usage = await work.catch((error: unknown) => {
      if (error !== signal.reason || answer === '') throw error;
      return null; // of an answer that was stopped nobody tells what it takes
    });
    this.#messages = [...asked, { role: 'assistant', content: answer }];
    if (usage === null) return;
    this.#usage = usage;
    this.#seconds = (performance.now() - first) / 1000;
    this.#told = this.#messages;
  }

  /**
   * Executes a slash command.
   *
   * @returns text to show
   * @throws {InvalidArgumentError} for an unknown command or an invalid value
   */
  async command(line: string): Promise<string> {
    const [name = '', ...rest] = line.trim().split(/\s+/);
    const value = rest.join(' ');
    switch (name) {
      case '/help':
        return help;
      case '/policy':
        return await this.#change(value, (given) => [given, this.#budget]);
      case '/budget':
        return await this.#change(value, (given) =>
          given === 'none'
            ? ['full', null]
            : [this.#policy === 'full' ? null : this.#policy, given],
        );
      case '/memory':
        return await this.#memory();
      case '/undo':
        return this.#undo();
      case '/branch':
        return this.#goTo(value);
      case '/save':
        return await this.#save(fileIn(name, value));
      case '/load':
        return await this.#load(fileIn(name, value));
      case '/retention':
        return await this.#retention(fileIn(name, value));
      default:
        throw new InvalidArgumentError(name, 'is not a command; /help lists them');
    }
  }

  async #change(
    value: string,
    changed: (value: string) => [policy: string | null, budget: string | null],
  ): Promise<string> {
    if (value !== '') {
      const [policy, budget] = changed(value);
      if (budget !== null) parseBudget(budget, '/budget');
      await this.#choose(policy, policy === 'full' ? null : budget);
      this.#policy = policy;
      this.#budget = policy === 'full' ? null : budget;
      this.#told = []; // what was read was read under another
    }
    const { name, budget } = await this.#choose(this.#policy, this.#budget);
    return budget === null ? name : `${name}, budget ${this.#budget}`;
  }

  /** What it refuses goes by the names of the commands here. */
  async #choose(policy: string | null, budget: string | null) {
    try {
      return await this.#text.choosePolicy(policy, budget);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      const [, name, problem] = /^kv_(policy|budget): (.*)$/s.exec(error.message) ?? [];
      if (name === undefined) throw error;
      throw new InvalidArgumentError(`/${name}`, problem!, { cause: error });
    }
  }

  async #memory(): Promise<string> {
    const { engine } = this.#text;
    const megabytes = (bytes: number) => (bytes / 1e6).toFixed(2);
    const all = `${megabytes(await engine.cacheBytes())} of ${megabytes(engine.memoryLimit)} MB for all`;
    const isTold = this.#told === this.#messages;
    const layers = (isTold && this.#usage?.conversation?.heldPerLayer) || [];
    const perLayer = layers.length > 0 ? `\nheld per layer: ${layers.join(' ')}` : '';
    return `${this.status}; ${all}${perLayer}`;
  }

  #undo(): string {
    const last = this.#messages.findLastIndex(({ role }) => role === 'user');
    if (last < 0) return 'there is nothing to take back';
    const { content } = this.#messages[last]!;
    this.#messages = this.#messages.slice(0, last);
    return `taken back: ${content}`;
  }

  #goTo(name: string): string {
    this.#branches.set(this.#branch, this.#messages);
    if (name !== '') {
      this.#messages = this.#branches.get(name) ?? this.#messages;
      this.#branch = name;
      this.#branches.set(name, this.#messages);
    }
    return [...this.#branches.keys()]
      .map((one) => (one === this.#branch ? `* ${one}` : `  ${one}`))
      .join('\n');
  }

  async #save(file: string): Promise<string> {
    const { id } = this.#usage?.conversation ?? {};
    const messages = this.#messages.map(({ role, content }) => ({
      role,
      content: String(content),
    }));
    const saved: z.input<typeof savedChat> = {
      ...{ version: 1, messages, policy: this.#policy, budget: this.#budget },
    };
    await writeFileAtomic(file, sealedJson(saved, 2));
    // What was read goes to the disk too, where the engine has a place for it.
    if (id !== undefined) await this.#text.engine.save(id).catch(() => {});
    return `saved in ${file}`;
  }

  async #load(file: string): Promise<string> {
    const parsed = savedChat.safeParse(
      await readFile(file, 'utf8')
        .then(parseSealedJson)
        .catch((cause: Error) => {
          const problem =
            (cause as NodeJS.ErrnoException).code === 'ENOENT'
              ? 'does not exist'
              : 'is not a conversation that /save wrote, or it is damaged';
          throw new InvalidArgumentError('/load', `${file} ${problem}`, { cause });
        }),
    );
    if (!parsed.success)
      throw new InvalidArgumentError('/load', `${file} is not a conversation that /save wrote`);
    const { messages, policy, budget } = parsed.data;
    await this.#choose(policy, budget);
    this.#messages = messages;
    this.#policy = policy;
    this.#budget = budget;
    this.#usage = null;
    return `${counted(messages.length, 'message')} from ${file}`;
  }

  /** What was not read under the policy of now is read first. */
  async #retention(file: string): Promise<string> {
    const { writeRetention } = this.#options;
    if (writeRetention === undefined) throw new InvalidArgumentError('/retention', 'is not kept');
    if (this.#messages.length === 0)
      throw new InvalidArgumentError('/retention', 'nothing has been said yet');
    const { engine, tokenizer } = this.#text;
    if (this.#told !== this.#messages || this.#usage?.conversation == null) {
      const { signal } = new AbortController();
      const keeps = { policy: this.#policy, budget: this.#budget, signal };
      this.#usage = await this.#text.read(this.#messages, keeps);
      this.#told = this.#messages;
    }
    const { id } = this.#usage.conversation!;
    const record = await engine.retention(id, (ids) => ({
      ...retentionTexts(tokenizer, [...ids], ids.length),
      parts: messageParts(tokenizer, this.#messages, ids),
      notes: { ...(this.#budget !== null && { budget: this.#budget }) },
    }));
    await writeRetention(file, record);
    return `what each head held is in ${file}`;
  }
}

function fileIn(command: string, value: string): string {
  if (value !== '') return value;
  throw new InvalidArgumentError(command, 'needs a file');
}
