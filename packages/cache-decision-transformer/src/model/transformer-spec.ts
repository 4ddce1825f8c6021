import type { DecoderSpec } from '@namm/decoder';

/** The spec of a Decision Transformer, around its layers. */
export interface TransformerSpec {
  /** Numbers in a state. */
  readonly stateSize: number;
  /** Numbers in an action. */
  readonly actionSize: number;
  /** Rows of the table of timesteps. */
  readonly timesteps: number;
  /** Whether actions go through tanh, into −1 … 1. */
  readonly actionTanh: boolean;
  /**
   * `tokens`: the return-to-go is a token of its own, as published. `in-states`: its embedding is added to that of
   * the state, so that a step has two tokens instead of three (the idea of SlimDT, https://arxiv.org/abs/2605.06104).
   */
  readonly returns: 'tokens' | 'in-states';
  /** The layers: rows in, hidden states out. */
  readonly backbone: DecoderSpec;
}
