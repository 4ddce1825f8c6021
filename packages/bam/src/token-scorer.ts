import { parameterSlices } from './parameter-slices.js';
import { checkBatch, checkScores, type Scorer } from './scorer.js';
import { type LinearSettings, type MlpSettings, parameterLayout } from './scorer-settings.js';

interface Layer {
  /** `[inputs, outputs]`. */
  readonly weight: Float32Array;
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: Float32Array | undefined;
}

/** MLP and linear scorers: a token's score depends only on its own features, so heads do not matter. */
export class TokenScorer implements Scorer {
  readonly settings: MlpSettings | LinearSettings;
  readonly #layers: readonly Layer[];

  constructor(settings: MlpSettings | LinearSettings, parameters: Float32Array) {
    this.settings = settings;
    const slices = parameterSlices(settings, parameters.slice());
    const weights = parameterLayout(settings).filter(({ name }) => name.endsWith('.weight'));
    this.#layers = weights.map(({ name, shape }) => ({
      weight: slices.get(name)!,
      inputs: shape[0]!,
      outputs: shape[1]!,
      bias: slices.get(name.replace('weight', 'bias')),
    }));
  }

  score(features: Float32Array, lengths: readonly number[]): Float32Array {
    const { settings } = this;
    checkBatch(features, lengths, settings.features);
    const scores = new Float32Array(features.length / settings.features);
    const widest = settings.kind === 'mlp' ? Math.max(settings.hidden, settings.features) : 1;
    let input = new Float64Array(Math.max(widest, settings.features));
    let output = new Float64Array(input.length);
    for (let token = 0; token < scores.length; token++) {
      const own = features.subarray(token * settings.features, (token + 1) * settings.features);
      input.set(own);
      for (const [index, layer] of this.#layers.entries()) {
        const isLast = index === this.#layers.length - 1;
        const count = layer.outputs;
        apply(layer, input, output);
        if (!isLast) for (let i = 0; i < count; i++) output[i] = Math.max(0, output[i]!);
        if (index === 0 && settings.kind === 'mlp' && settings.residual) {
          for (let i = 0; i < count; i++) output[i]! += own[i]!;
        }
        [input, output] = [output, input];
      }
      scores[token] = input[0]!;
    }
    checkScores(scores, lengths);
    return scores;
  }
}

/** output = input · weight + bias. */
function apply(layer: Layer, input: Float64Array, output: Float64Array): void {
  const { weight, inputs, outputs, bias } = layer;
  for (let o = 0; o < outputs; o++) {
    let sum = bias?.[o] ?? 0;
    for (let i = 0; i < inputs; i++) sum += input[i]! * weight[i * outputs + o]!;
    output[o] = sum;
  }
}
