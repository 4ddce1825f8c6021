import { PythonPeer } from '../measuring/python-peer.js';

/** What the peer is to know before it is measured. */
export interface PeerSetup {
  readonly folder: string;
  /** Base of the rotation, the context extension included. */
  readonly theta: number;
  /** A safetensors file with `parameters [members, …]`, `mean`, `variance` and `ids [prompts, tokens]`. */
  readonly namms: string;
  readonly decay: number;
}

export interface PeerRequest {
  /** Without NAMMs. */
  readonly full: boolean;
  readonly interval: number;
  readonly offset: number;
}

/** One evaluation of the population, by either side. */
export interface EvaluationFigures {
  /** CPU time. */
  readonly seconds: number;
  /** Share of the tokens that is in the cache in the end, per sequence. */
  readonly kept: readonly number[];
  /** Of the last token, sequence after sequence. */
  readonly logits: readonly number[];
}

/** Starts the batched PyTorch loop. */
export function startTorchPeer(
  python: string,
  setup: PeerSetup,
): Promise<PythonPeer<PeerRequest, EvaluationFigures>> {
  return PythonPeer.start(python, 'evolve_speed.py', setup);
}
