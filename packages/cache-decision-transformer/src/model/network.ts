import type { Decoder } from '@namm/decoder';
import type { CacheShape } from '@namm/kv-cache';
import { type RowKind, rowKinds } from '../row-kinds.js';
import { InputRows } from './input-rows.js';
import type { TransformerSpec } from './transformer-spec.js';
import type { TransformerWeights } from './transformer-weights.js';

/** One step as the model reads it. */
export interface Step {
  /** Normalised, `[stateSize]`. */
  readonly state: Float32Array;
  /** Divided by the scale. */
  readonly returnToGo: number;
  /** Row of the table of timesteps. */
  readonly timestep: number;
  /** What was done, `[actionSize]`. */
  readonly action: Float32Array;
}

/** A part of a step that is read at once. */
export type StepPart =
  | { readonly part: 'before'; readonly step: Omit<Step, 'action'> }
  | { readonly part: 'action'; readonly step: Step };

/** A loaded model: from steps to rows, and from hidden states to predictions. */
export class Network {
  readonly spec: TransformerSpec;
  readonly decoder: Decoder;
  /** Tokens of a step, in order. */
  readonly rowKinds: readonly RowKind[];
  readonly cacheShape: CacheShape;
  readonly #rows: InputRows;
  readonly #predict: TransformerWeights['predict'];

  constructor(spec: TransformerSpec, weights: TransformerWeights, decoder: Decoder) {
    this.spec = spec;
    this.decoder = decoder;
    this.rowKinds = rowKinds[spec.returns];
    this.cacheShape = { ...decoder.cacheShape, rowKinds: this.rowKinds };
    this.#rows = new InputRows(weights);
    this.#predict = weights.predict;
  }

  /** The rows of some parts of steps, one after the other, `[tokens, hiddenSize]`. */
  embed(parts: readonly StepPart[]): Float32Array {
    const tokens = parts.flatMap((part) =>
      this.#tokensOf(part).map((values) => ({ values, timestep: part.step.timestep })),
    );
    const rows = new Float32Array(tokens.length * this.spec.backbone.hiddenSize);
    for (const [index, { values, timestep }] of tokens.entries()) {
      this.#rows.write(rows, index, values, timestep);
    }
    return rows;
  }

  /** Actions from hidden states of states, `[rows, actionSize]`. */
  predictActions(hidden: Float32Array): Float32Array {
    const actions = this.#predict.action.apply(hidden);
    return this.spec.actionTanh ? actions.map(Math.tanh) : actions;
  }

  /** The next states from hidden states of actions, `[rows, stateSize]`. */
  predictStates(hidden: Float32Array): Float32Array {
    return this.#predict.state.apply(hidden);
  }

  /** The next returns-to-go from hidden states of actions, `[rows]`. */
  predictReturns(hidden: Float32Array): Float32Array {
    return this.#predict.return.apply(hidden);
  }

  #tokensOf({ part, step }: StepPart): (readonly [RowKind, ArrayLike<number>])[][] {
    if (part === 'action') return [[['action', step.action]]];
    const state = ['state', step.state] as const;
    const toGo = ['return', [step.returnToGo]] as const;
    return this.spec.returns === 'tokens' ? [[toGo], [state]] : [[state, toGo]];
  }
}
