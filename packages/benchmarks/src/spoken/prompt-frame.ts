/** How text, questions and answers are put to a model. */
export interface PromptFrame {
  /** Text before the passage. */
  readonly opening: string;
  /** Text that asks a question whose answer begins with `start`. */
  ask(question: string, start: string): string;
  /** Text after an answer, before the next question. */
  readonly stop: string;
}

/** For models without a chat template. */
export const plainFrame: PromptFrame = {
  opening: '',
  ask: (question, start) => `\n\nQuestion: ${question}\nAnswer: ${start}`,
  stop: '.',
};

/** Renders a conversation; a tokenizer of `@namm/decoder` fits. */
export interface ChatRenderer {
  applyChatTemplate(
    messages: readonly { readonly role: string; readonly content: string }[],
    options?: { readonly addGenerationPrompt?: boolean },
  ): string;
}

/** Letters that no template changes. */
const marks = ['QTEXTQ', 'QANSWERQ', 'QNEXTQ'] as const;

/**
 * A frame in a model's own chat template: the first message starts with the text and ends with the first question, and
 * answers begin where the assistant writes.
 *
 * @example
 * ```ts
 * const frame = chatFrame(await loadTokenizer(folder));
 * ```
 */
export function chatFrame(renderer: ChatRenderer): PromptFrame {
  const [text, answer, next] = marks;
  const user = (content: string) => ({ role: 'user', content });
  const first = renderer.applyChatTemplate([user(text)], { addGenerationPrompt: true });
  const turns = [user(text), { role: 'assistant', content: answer }, user(next)];
  const all = renderer.applyChatTemplate(turns);
  const [opening = '', toAnswer = ''] = first.split(text);
  const between = all.slice(all.indexOf(answer) + answer.length, all.indexOf(next));
  return {
    opening: `${opening}Read this text, then answer questions about it.\n\n`,
    ask: (question, start) => `\n\n${question}${toAnswer}${start}`,
    stop: `.${between}`,
  };
}

/** The frame of a model: from its chat template, if it has one. */
export function frameOf(
  tokenizer: ChatRenderer & { readonly chatTemplates: readonly unknown[] },
): PromptFrame {
  return tokenizer.chatTemplates.length > 0 ? chatFrame(tokenizer) : plainFrame;
}
