import { type ConfigReader, type LinearSpec, readActivation } from '@namm/decoder';
import { readResolutions } from '../images/any-resolution.js';
import type { ClipSettings } from '../images/clip-pixels.js';
import { llavaProcessor } from '../images/llava-processor.js';
import { checkSteps, readFilter, readPixelScale } from '../images/read-processor.js';
import { llavaLayout } from '../prompt/llava-layout.js';
import { llamaDefaults, type VideoFamily } from './video-family.js';
import type { VisionTowerSpec } from './vision-spec.js';
import { visionTower } from './vision-tower.js';

/** What transformers assumes where `vision_config` is silent: CLIP ViT-L/14-336. */
const towerDefaults = {
  hidden_size: 1024,
  intermediate_size: 4096,
  num_attention_heads: 16,
  num_hidden_layers: 24,
  image_size: 336,
  patch_size: 14,
  hidden_act: 'quick_gelu',
  layer_norm_eps: 1e-5,
};

/** LLaVA-NeXT-Video: CLIP, patches pooled two by two, two linear layers, any Llama, Mistral or Qwen2. */
export const llavaNextVideo: VideoFamily = {
  modelType: 'llava_next_video',
  textPrefixes: ['language_model.model.', 'model.language_model.'],
  textDefaults: (modelType) => (modelType === 'llama' ? llamaDefaults : {}),
  vision(config, hasWeight, outputSize) {
    const own =
      config.optionalObject('vision_config') ?? config.fail('vision_config', 'is missing');
    const prefix =
      [
        'vision_tower.vision_model.',
        'vision_tower.',
        'model.vision_tower.vision_model.',
        'model.vision_tower.',
      ].find((each) => hasWeight(`${each}embeddings.class_embedding`)) ??
      'vision_tower.vision_model.';
    const layers = (all: number) => featureLayer(config, all);
    const tower = visionTower(own.withDefaults(towerDefaults), { prefix, isClip: true, layers });
    if (config.text('vision_feature_select_strategy', 'default') !== 'default') {
      config.fail('vision_feature_select_strategy', "only 'default' is supported for videos");
    }
    const mode = config.text('spatial_pool_mode', 'average');
    if (mode !== 'average' && mode !== 'max') {
      return config.fail('spatial_pool_mode', `'${mode}' is neither average nor max`);
    }
    const edge = Math.floor(tower.imageSize / tower.patchSize);
    const stride = config.count('spatial_pool_stride', 2, edge);
    const outer = hasWeight('model.multi_modal_projector.linear_1.weight') ? 'model.' : '';
    const hasBias = config.boolean('multimodal_projector_bias', true);
    const linear = (name: string, inputs: number): LinearSpec => ({
      weight: `${outer}multi_modal_projector.${name}.weight`,
      bias: hasBias ? `${outer}multi_modal_projector.${name}.bias` : null,
      ...{ inputs, outputs: outputSize, layout: 'outputs-first' },
    });
    return {
      tower,
      projector: {
        ...{ kind: 'pool', mode, stride, newline: `${outer}image_newline` },
        activation: readActivation(config, 'projector_hidden_act', 'gelu'),
        first: linear('linear_1', tower.hiddenSize),
        second: linear('linear_2', outputSize),
      },
      outputSize,
      rowsPerTile: Math.floor(edge / stride) ** 2,
    };
  },
  processor({ image, video }, { tower }, config) {
    const own = clipSettings(image, tower);
    const resolutions = readResolutions(image, config, own.crop);
    const patches = Math.floor(tower.imageSize / tower.patchSize);
    return llavaProcessor({
      frame: clipSettings(video, tower),
      image: { ...own, resolutions, patches },
    });
  },
  layout: llavaLayout,
  sampling: () => ({ kind: 'uniform', count: 8 }),
};

/** How many layers come before the features. */
function featureLayer(config: ConfigReader, all: number): number {
  const layer = config.number('vision_feature_layer', { default: -2 });
  const count = layer < 0 ? all + 1 + layer : layer;
  if (Number.isInteger(count) && count >= 0 && count <= all) return count;
  return config.fail('vision_feature_layer', `${layer} is not a layer of ${all}`);
}

/** A length that is written as a number or as an object; null when it is not there. */
function edgeOf(config: ConfigReader, key: string, names: readonly string[]): number | null {
  if (!config.has(key)) return null;
  try {
    return config.count(key);
  } catch {
    const object = config.optionalObject(key);
    const name = names.find((each) => object?.has(each));
    return name ? object!.count(name) : config.fail(key, `has none of ${names.join(', ')}`);
  }
}

/** How a processor file wants pictures read. */
function clipSettings(config: ConfigReader, tower: VisionTowerSpec): ClipSettings {
  checkSteps(config, ['do_resize', 'do_center_crop']);
  const size = edgeOf(config, 'size', ['shortest_edge']) ?? tower.imageSize;
  const crop = edgeOf(config, 'crop_size', ['height', 'width']) ?? tower.imageSize;
  if (crop !== tower.imageSize) {
    const problem = `${crop} is not the image size of the vision tower, ${tower.imageSize}`;
    config.fail('crop_size', problem);
  }
  if (size < crop) config.fail('size', `${size} is less than crop_size, ${crop}`);
  return {
    shortestEdge: size,
    crop,
    filter: readFilter(config, 3),
    scale: readPixelScale(config, {
      mean: [0.48145466, 0.4578275, 0.40821073],
      deviation: [0.26862954, 0.26130258, 0.27577711],
    }),
  };
}
