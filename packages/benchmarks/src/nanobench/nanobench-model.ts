import type { SampleTokenizer } from '../prepare-sample.js';
import type { Contender } from '../table/contender.js';
import type { MeasureOptions } from '../table/measure-rows.js';

/** A model that NanoBench measures. */
export interface NanobenchModel {
  readonly name: string;
  /** Digest of configuration and weights. */
  readonly version: string;
  readonly tokenizer: SampleTokenizer;
  /** Tokens. */
  readonly trainedLength: number;
  readonly loadModel: MeasureOptions['loadModel'];
}

/** A learned policy of the table. */
export interface LearnedContender extends Contender {
  readonly version: string;
  /** Tokens between its decisions. */
  readonly updateInterval: number;
  /** Families that it was evolved on, as its provenance says; empty when it does not. */
  readonly evolvedFamilies: readonly string[];
  /** The same with random parameters and an offset on its scores: what it would be had it learned nothing. */
  readonly random: (seed: number, scoreOffset: number) => Contender;
}

/** A model, and the learned policies that were evolved on it. */
export interface NanobenchEntry {
  readonly model: NanobenchModel;
  readonly learned: readonly LearnedContender[];
  /** Others that decide themselves: rivals, variants of the learned ones. */
  readonly others: readonly Contender[];
}
