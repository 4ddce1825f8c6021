import { type Tokenizer, TokenizerError } from '@namm/decoder';
import { PlaceholderError } from '../errors.js';
import type { PreparedImage } from '../images/image-processor.js';
import type { PromptLayout, Shown, ShownVideo } from './prompt-layout.js';

/**
 * Writes the prompt of a model piece by piece, as ids between the rows of frames. Each piece gives the ids that it would
 * have in the whole prompt: placeholders stand around it while it is encoded.
 */
export class PromptWriter {
  readonly #tokenizer: Tokenizer;
  readonly #layout: PromptLayout;
  readonly #placeholderIds: Readonly<Record<Shown, number>>;

  /** @throws {TokenizerError} when the tokenizer lacks a placeholder */
  constructor(tokenizer: Tokenizer, layout: PromptLayout) {
    this.#tokenizer = tokenizer;
    this.#layout = layout;
    const idOf = (placeholder: string): number => {
      const id = tokenizer.idOf(placeholder);
      if (id !== null) return id;
      const problem = `has no token ${placeholder}, the placeholder for what is shown; use the tokenizer of the model`;
      throw new TokenizerError(tokenizer.file, problem);
    };
    const { video, images } = layout.placeholders;
    this.#placeholderIds = { video: idOf(video), images: idOf(images) };
  }

  /** Whether an id stands for a row of what is shown. */
  isPlaceholder(id: number): boolean {
    return id === this.#placeholderIds.video || id === this.#placeholderIds.images;
  }

  /** The id that stands for a row. */
  placeholderId(shown: Shown): number {
    return this.#placeholderIds[shown];
  }

  /**
   * A conversation in which something is shown and then asked, cut where it is shown: by the folder's chat template, where
   * it has a place for it, else as the family publishes it.
   *
   * @throws {PlaceholderError} when the question writes the mark of what is shown
   */
  conversation(shown: Shown, question: string): readonly [opening: string, closing: string] {
    const { marks, placeholders } = this.#layout;
    const mark = marks[shown];
    for (const special of new Set([...Object.values(marks), ...Object.values(placeholders)])) {
      if (!question.includes(special)) continue;
      const problem = `The question contains ${special}, the placeholder for what is shown`;
      throw new PlaceholderError(`${problem}; there are no frames for it. Leave it out.`);
    }
    const text =
      this.#templated([mark], question) ?? this.#layout.published(mark, question).split(mark);
    return [text[0]!, text[1]!];
  }

  /** Text between two images of their own; frames say themselves what stands around them. */
  gap(shown: Shown): string {
    if (shown === 'video') return '';
    const mark = this.#layout.marks[shown];
    return this.#templated([mark, mark], '')?.[1] ?? this.#layout.gap;
  }

  /** Text before the first frame or image. */
  introduction(shown: Shown, video: ShownVideo | null): string {
    return shown === 'video' ? this.#layout.introduction(video) : '';
  }

  /** Text around what is shown. */
  around(shown: Shown, image: PreparedImage, timestamp: number) {
    return shown === 'video' ? this.#layout.frame(image, timestamp) : this.#layout.image(image);
  }

  /** Text behind the last frame or image. */
  conclusion(shown: Shown): string {
    return shown === 'video' ? this.#layout.conclusion : '';
  }

  /** Ids of text that stands at the beginning of the prompt. */
  first(shown: Shown, text: string): number[] {
    const { bosId } = this.#tokenizer;
    const bos = bosId === null ? null : this.#tokenizer.tokenOf(bosId);
    const addSpecialTokens = bos === null || !text.startsWith(bos); // a template may have written it
    const written = text + this.#layout.placeholders[shown];
    const ids = this.#tokenizer.encode(written, { addSpecialTokens });
    return ids.slice(0, ids.indexOf(this.placeholderId(shown)));
  }

  /** Ids of text between two rows. */
  between(shown: Shown, text: string): number[] {
    if (text === '') return [];
    const placeholder = this.#layout.placeholders[shown];
    return this.#encode(placeholder + text + placeholder).slice(1, -1);
  }

  /** Ids of text behind the last row. */
  last(shown: Shown, text: string): number[] {
    const ids = this.#encode(this.#layout.placeholders[shown] + text);
    return ids.slice(ids.indexOf(this.placeholderId(shown)) + 1);
  }

  #encode(text: string): number[] {
    return this.#tokenizer.encode(text, { addSpecialTokens: false });
  }

  /** The parts around marks of what the folder's chat template writes, where that has a place for each of them. */
  #templated(marks: readonly string[], question: string): string[] | null {
    if (!this.#tokenizer.chatTemplates.includes('default')) return null;
    const shown = marks.map((mark) => ({ type: mark.slice(1, -1) }));
    const content = [...shown, { type: 'text', text: question }];
    try {
      const text = this.#tokenizer.applyChatTemplate([{ role: 'user', content }], {
        addGenerationPrompt: true,
      });
      const parts = text.split(marks[0]!);
      return parts.length === marks.length + 1 ? parts : null;
    } catch (error) {
      // Templates for text alone stumble over parts.
      if (error instanceof TokenizerError) return null;
      throw error;
    }
  }
}
