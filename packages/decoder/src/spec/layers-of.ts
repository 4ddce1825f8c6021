import type { AttentionSpec, BackboneSpec, ConvolutionSpec } from './decoder-spec.js';

/** The attentions of a model, as its caches and policies number their layers. */
export function attentionsOf({ layers }: Pick<BackboneSpec, 'layers'>): AttentionSpec[] {
  return layers.flatMap(({ attention }) => attention ?? []);
}

/** The convolutions of a model, as its caches number what they keep. */
export function convolutionsOf({ layers }: Pick<BackboneSpec, 'layers'>): ConvolutionSpec[] {
  return layers.flatMap(({ convolution }) => convolution ?? []);
}
