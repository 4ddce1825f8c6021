import type { FewRowPass } from './few-row-pass.js';
import type { ForwardPass, Part, PartOutputs } from './forward-pass.js';

/** Passes of a small model: a kernel of its own takes those of a few tokens, a graph all others. */
export class SmallPass implements ForwardPass {
  readonly takesMany = false;
  readonly #few: FewRowPass;
  readonly #any: ForwardPass;

  constructor(few: FewRowPass, any: ForwardPass) {
    this.#few = few;
    this.#any = any;
  }

  async run(parts: readonly Part[]): Promise<PartOutputs[]> {
    const results: PartOutputs[] = [];
    for (const part of parts) {
      if (this.#few.takes(part)) results.push(this.#few.run(part));
      else results.push(...(await this.#any.run([part])));
    }
    return results;
  }

  release(): Promise<void> {
    return this.#any.release();
  }
}
