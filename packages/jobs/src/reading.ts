import { excerptsOf, ModelPerProbe, type PlainText, readTexts } from '@namm/benchmarks';
import { InvalidArgumentError, type ProgressListener } from '@namm/core';
import {
  Decoder,
  loadTokenizer,
  type RopeScaling,
  type Tokenizer,
  type WeightDtype,
} from '@namm/decoder';
import type { Probe } from '@namm/kv-cache';
import { cutPassages, type TeachingPassage } from '@namm/teach';

/** What the jobs that read the user's texts with the user's model have in common. */
export interface ReadingOptions {
  /** Finds the model once all else is checked: it may have to be fetched. */
  readonly open: () => Promise<string>;
  /** Files of plain text that the model understands. */
  readonly text: readonly string[];
  /** Tokens of a passage. */
  readonly length: number;
  /** Prompts of each family of questions; 0 asks none. */
  readonly prompts: number;
  readonly threads: number;
  readonly ropeScaling: RopeScaling;
  readonly dtype?: WeightDtype | undefined;
  readonly out: string;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
}

/** A model beside the texts that it reads. */
export interface Reading {
  readonly folder: string;
  readonly tokenizer: Tokenizer;
  readonly texts: readonly PlainText[];
  encode(text: string): number[];
  load(probe: Probe): Promise<Decoder>;
  models(): ModelPerProbe<Decoder>;
  /** Passages of the texts, cut from so many characters of them. */
  passages(count: number, heldOut: number, characters: number): TeachingPassage[];
}

/** Reads the texts, then finds the model and its tokenizer; the model itself is loaded later, with a probe. */
export async function beginReading(options: ReadingOptions): Promise<Reading> {
  const { length, threads, ropeScaling, dtype } = options;
  const texts = readTexts([...options.text]);
  const folder = await options.open();
  const tokenizer = await loadTokenizer(folder);
  const encode = (text: string) => tokenizer.encode(text, { addSpecialTokens: false });
  const settings = { threads, chunkSize: 256, ropeScaling, ...(dtype && { dtype }) };
  const load = (probe: Probe) => Decoder.load(folder, { ...settings, probe });
  return {
    ...{ folder, tokenizer, texts, encode, load },
    models: () => new ModelPerProbe(load),
    passages: (count, heldOut, characters) => {
      const ids = excerptsOf(texts, characters).map(encode);
      try {
        return cutPassages(ids, { length, count, heldOut });
      } catch (cause) {
        if (!(cause instanceof InvalidArgumentError)) throw cause;
        // By the name that the text has here.
        throw new InvalidArgumentError('text', cause.message.replace(/^texts: /, ''), { cause });
      }
    },
  };
}
