import type { ConfigReader } from '../source/config-reader.js';
import type { ExpertsSpec } from '../spec/decoder-spec.js';
import { commonTraits } from './common-traits.js';
import type { Family } from './family.js';
import { gatedDecoder } from './gated-decoder.js';
import { readWindows } from './read-windows.js';

/** gpt-oss: attention with sinks, windows in every other layer, and mixtures of experts. */
export const gptOss: Family = {
  modelType: 'gpt_oss',
  read(given, prefix) {
    const isSilent = !given.has('rope_parameters') && !given.has('rope_scaling');
    const config = isSilent ? given.withDefaults({ rope_scaling: usualScaling }) : given;
    const size = config.optionalCountOr('sliding_window', 128);
    const innerSize = config.count('intermediate_size', 2880);
    const bias = config.boolean('attention_bias', true);
    return gatedDecoder(config, prefix, {
      ...commonTraits(config, {
        ...{ headSize: 64, maximumPositions: 131_072, ropeBase: 150_000 },
        windows: readWindows(config, size, (index) => index % 2 === 0),
      }),
      ...{ queryKeyValueBias: bias, outputBias: bias, sinks: true },
      tiedByDefault: false,
      epsilonDefault: 1e-5,
      innerSize,
      feedForward: readExperts(config, innerSize),
    });
  },
};

const usualScaling = {
  ...{ rope_type: 'yarn', factor: 32, beta_fast: 32, beta_slow: 1, truncate: false },
  original_max_position_embeddings: 4096,
};

/** No published mixture has more; a larger number is a damaged file. */
const mostExperts = 4096;

function readExperts(config: ConfigReader, innerSize: number): (layer: string) => ExpertsSpec {
  const hiddenSize = config.count('hidden_size');
  const key = config.has('num_local_experts') ? 'num_local_experts' : 'num_experts';
  const experts = config.count(key, 128, mostExperts);
  const chosen = config.count('num_experts_per_tok', 4, experts);
  const alpha = config.number('swiglu_alpha', { default: 1.702 });
  const limit = config.number('swiglu_limit', { above: 0, default: 7 });
  return (layer) => {
    const each = (name: string, inputs: number, outputs: number) => {
      const weight = `${layer}.mlp.experts.${name}`;
      return { weight, bias: `${weight}_bias`, inputs, outputs };
    };
    const router = `${layer}.mlp.router`;
    return {
      ...{ kind: 'experts', experts, chosen, alpha, limit },
      router: {
        ...{ weight: `${router}.weight`, bias: `${router}.bias` },
        ...{ inputs: hiddenSize, outputs: experts, layout: 'outputs-first' },
      },
      gateAndUp: each('gate_up_proj', hiddenSize, 2 * innerSize),
      down: each('down_proj', innerSize, hiddenSize),
    };
  };
}
