import type { ConfigReader } from '@namm/decoder';
import { idefics3Processor } from '../images/idefics3-processor.js';
import { checkSteps, readFilter, readPixelScale } from '../images/read-processor.js';
import { idefics3Layout } from '../prompt/idefics3-layout.js';
import { llamaDefaults, type VideoFamily } from './video-family.js';
import { visionTower } from './vision-tower.js';

/** What transformers assumes where `vision_config` is silent. */
const towerDefaults = {
  hidden_size: 1152,
  intermediate_size: 3072,
  num_attention_heads: 16,
  num_hidden_layers: 12,
  image_size: 224,
  patch_size: 32,
  hidden_act: 'gelu_pytorch_tanh',
  layer_norm_eps: 1e-6,
};

/** SmolVLM and SmolVLM2: SigLIP, patches put side by side, one linear layer, a small Llama. */
export const smolvlm: VideoFamily = family('smolvlm');

/** Idefics3: the same; made for images, it reads frames as SmolVLM does. */
export const idefics3: VideoFamily = family('idefics3');

function family(modelType: string): VideoFamily {
  return {
    modelType,
    textPrefixes: ['model.text_model.', 'text_model.'],
    textDefaults: (type) => (type === 'llama' ? { ...llamaDefaults, rms_norm_eps: 1e-5 } : {}),
    vision(config, hasWeight, outputSize) {
      const own =
        config.optionalObject('vision_config') ?? config.fail('vision_config', 'is missing');
      const outer = hasWeight('model.vision_model.post_layernorm.weight') ? 'model.' : '';
      const tower = visionTower(own.withDefaults(towerDefaults), {
        prefix: `${outer}vision_model.`,
        isClip: false,
        layers: (all) => all,
      });
      const edge = Math.floor(tower.imageSize / tower.patchSize);
      const factor = config.count('scale_factor', 2, edge);
      if (edge % factor !== 0) {
        config.fail('scale_factor', `${factor} does not divide ${edge}, the patches along an edge`);
      }
      return {
        tower,
        projector: {
          ...{ kind: 'shuffle', factor },
          linear: {
            weight: `${outer}connector.modality_projection.proj.weight`,
            bias: null,
            inputs: tower.hiddenSize * factor ** 2,
            outputs: outputSize,
            layout: 'outputs-first',
          },
        },
        outputSize,
        rowsPerTile: (edge / factor) ** 2,
      };
    },
    processor({ image, video }, { tower }) {
      const tile = tower.imageSize;
      for (const config of [image, video]) {
        const largest = longestEdge(config, 'max_image_size') ?? tile;
        if (largest !== tile) {
          config.fail(
            'max_image_size',
            `${largest} is not the image size of the vision tower, ${tile}`,
          );
        }
      }
      const defaults = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] };
      const sampled = video.optionalObject('video_sampling');
      const reading = (config: ConfigReader, edge: number) => {
        checkSteps(config, ['do_resize']);
        return { edge, filter: readFilter(config, 1), scale: readPixelScale(config, defaults) };
      };
      const frameEdge =
        (sampled && longestEdge(sampled, 'video_size')) ?? longestEdge(video, 'size');
      return idefics3Processor({
        frame: reading(video, frameEdge ?? tile),
        image: reading(image, longestEdge(image, 'size') ?? 4 * tile),
        tile,
        splits: image.boolean('do_image_splitting', true),
      });
    },
    layout: idefics3Layout,
    sampling({ video }) {
      const own = video.optionalObject('video_sampling');
      const perSecond = own?.number('fps', { above: 0, default: 1 }) ?? 1;
      return { kind: 'rate', perSecond, most: own?.count('max_frames', 64) ?? 64 };
    },
  };
}

function longestEdge(config: ConfigReader, key: string): number | null {
  return config.optionalObject(key)?.count('longest_edge') ?? null;
}
