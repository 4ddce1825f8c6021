import { type Tokenizer, TokenizerError } from '@namm/decoder';
import { PlaceholderError } from '../errors.js';
import type { PreparedImage } from '../images/image-processor.js';
import type { PromptLayout, ShownVideo } from './prompt-layout.js';

/** What is shown: frames of one video, or images of their own. */
export type Shown = 'video' | 'images';

/**
 * Writes the prompt of a model piece by piece, as ids between the rows of frames. Each piece gives the ids that it would
 * have in the whole prompt: placeholders stand around it while it is encoded.
 */
export class PromptWriter {
  readonly #tokenizer: Tokenizer;
  readonly #layout: PromptLayout;
  readonly #placeholderId: number;

  /** @throws {TokenizerError} when the tokenizer lacks the placeholder */
  constructor(tokenizer: Tokenizer, layout: PromptLayout) {
    this.#tokenizer = tokenizer;
    this.#layout = layout;
    const id = tokenizer.idOf(layout.placeholder);
    if (id === null) {
      const problem = `has no token ${layout.placeholder}, which stands for what is shown; use the tokenizer of the model`;
      throw new TokenizerError(tokenizer.file, problem);
    }
    this.#placeholderId = id;
  }

  get placeholderId(): number {
    return this.#placeholderId;
  }

  /**
   * A conversation in which something is shown and then asked, cut where it is shown: by the folder's chat template, where
   * it has a place for it, else as the family publishes it.
   *
   * @throws {PlaceholderError} when the question writes the mark of what is shown
   */
  conversation(shown: Shown, question: string): readonly [opening: string, closing: string] {
    const mark = this.#layout.marks[shown === 'video' ? 'video' : 'image'];
    for (const special of new Set([
      ...Object.values(this.#layout.marks),
      this.#layout.placeholder,
    ])) {
      if (!question.includes(special)) continue;
      const problem = `The question contains ${special}, which stands for what is shown`;
      throw new PlaceholderError(`${problem}; there are no frames for it. Leave it out.`);
    }
    const text = this.#templated(mark, question) ?? this.#layout.published(mark, question);
    const at = text.indexOf(mark);
    return [text.slice(0, at), text.slice(at + mark.length)];
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
  first(text: string): number[] {
    const { bosId } = this.#tokenizer;
    const bos = bosId === null ? null : this.#tokenizer.tokenOf(bosId);
    const addSpecialTokens = bos === null || !text.startsWith(bos); // a template may have written it
    const ids = this.#tokenizer.encode(text + this.#layout.placeholder, { addSpecialTokens });
    return ids.slice(0, ids.indexOf(this.#placeholderId));
  }

  /** Ids of text between two rows. */
  between(text: string): number[] {
    if (text === '') return [];
    const { placeholder } = this.#layout;
    return this.#encode(placeholder + text + placeholder).slice(1, -1);
  }

  /** Ids of text behind the last row. */
  last(text: string): number[] {
    const ids = this.#encode(this.#layout.placeholder + text);
    return ids.slice(ids.indexOf(this.#placeholderId) + 1);
  }

  #encode(text: string): number[] {
    return this.#tokenizer.encode(text, { addSpecialTokens: false });
  }

  /** What the folder's chat template writes, where that has exactly one place for what is shown. */
  #templated(mark: string, question: string): string | null {
    if (!this.#tokenizer.chatTemplates.includes('default')) return null;
    const type = mark.slice(1, -1);
    const content = [{ type }, { type: 'text', text: question }];
    try {
      const text = this.#tokenizer.applyChatTemplate([{ role: 'user', content }], {
        addGenerationPrompt: true,
      });
      return text.split(mark).length === 2 ? text : null;
    } catch (error) {
      // Templates for text alone stumble over parts.
      if (error instanceof TokenizerError) return null;
      throw error;
    }
  }
}
