import type { GgufFile } from '@namm/tensors';
import { ModelFolderError } from '../../errors.js';

/** The metadata of one architecture, whose keys begin with its name. A wrong value names file and key. */
export class GgufMetadata {
  readonly #asked = new Set<string>();

  constructor(
    readonly file: GgufFile,
    readonly architecture: string,
  ) {}

  /** A number that has to be there. */
  number(key: string): number {
    return this.optionalNumber(key) ?? this.fail(key, 'is missing');
  }

  optionalNumber(key: string): number | undefined {
    return this.file.value(this.#name(key), 'number');
  }

  optionalText(key: string): string | undefined {
    return this.file.value(this.#name(key), 'text');
  }

  /** A number, or a list of one number for each layer that are all the same. */
  uniform(key: string): number {
    const value = this.file.metadata.get(this.#name(key));
    if (!Array.isArray(value)) return this.number(key);
    const [first, ...rest] = this.file.value(this.#name(key), 'numbers')!;
    if (first !== undefined && rest.every((item) => item === first)) return first;
    return this.fail(key, 'differs from layer to layer, which is not supported');
  }

  /** A number for each layer, from a list or one number for all. */
  perLayer(key: string, layers: number): readonly number[] {
    const value = this.file.metadata.get(this.#name(key));
    if (!Array.isArray(value)) return new Array<number>(layers).fill(this.number(key));
    const all = this.file.value(this.#name(key), 'numbers')!;
    if (all.length === layers) return all;
    return this.fail(key, `has ${all.length} entries for ${layers} layers`);
  }

  /** Marks a key as one that may say only this, or be absent. */
  must(key: string, ...values: unknown[]): void {
    const value = this.file.metadata.get(this.#name(key));
    if (value === undefined || values.includes(value)) return;
    this.fail(key, `${JSON.stringify(String(value))} is not supported`);
  }

  /** Marks a key as one that changes nothing. */
  ignore(...keys: string[]): void {
    for (const key of keys) this.#name(key);
  }

  has(key: string): boolean {
    return this.file.metadata.has(this.#name(key));
  }

  /** Refuses keys of the architecture that nobody asked for: they may change the answers. */
  checkAllAsked(): void {
    for (const key of this.file.metadata.keys()) {
      if (!key.startsWith(`${this.architecture}.`) || this.#asked.has(key)) continue;
      const problem = `key "${key}" is not known here, and may change the answers.`;
      throw new ModelFolderError(this.file.path, `${problem} Use safetensors weights.`, {
        details: { key },
      });
    }
  }

  fail(key: string, problem: string): never {
    const name = this.#name(key);
    throw new ModelFolderError(this.file.path, `key "${name}" ${problem}.`, {
      details: { key: name },
    });
  }

  #name(key: string): string {
    const name = `${this.architecture}.${key}`;
    this.#asked.add(name);
    return name;
  }
}
