import type { ActivationName, FeedForwardSpec, LinearSpec, NormSpec } from '@namm/decoder';

/** One layer of a vision tower: every patch sees every other. */
interface VisionLayerSpec {
  readonly beforeAttention: NormSpec;
  readonly query: LinearSpec;
  readonly key: LinearSpec;
  readonly value: LinearSpec;
  readonly output: LinearSpec;
  readonly beforeFeedForward: NormSpec;
  readonly feedForward: FeedForwardSpec;
}

/** A vision transformer: square images in, a row per patch out. */
export interface VisionTowerSpec {
  /** Pixels along an edge. */
  readonly imageSize: number;
  /** Pixels along an edge of a patch. */
  readonly patchSize: number;
  readonly hiddenSize: number;
  readonly heads: number;
  /** `[hiddenSize, 3, patchSize, patchSize]`. */
  readonly patches: { readonly weight: string; readonly bias: string | null };
  /** A row that is not of a patch, before the others, `[hiddenSize]`; null where there is none. */
  readonly classToken: string | null;
  /** `[patches and class token, hiddenSize]`. */
  readonly positions: string;
  /** Whether parts of an image may be padding, which nothing sees; patches then have fractional positions. */
  readonly hasPadding: boolean;
  /** Before the first layer. */
  readonly firstNorm: NormSpec | null;
  /** Those that are computed: features may come from before the last one. */
  readonly layers: readonly VisionLayerSpec[];
  /** After the last layer. */
  readonly lastNorm: NormSpec | null;
}

/** From the rows of patches to rows of the decoder. */
export type ProjectorSpec =
  | {
      /** Neighbouring patches of a frame are pooled, those of an image are not; two linear layers follow (LLaVA-NeXT-Video). */
      readonly kind: 'pool';
      readonly mode: 'average' | 'max';
      readonly stride: number;
      /** A row of the decoder that ends each row of patches of an image, `[outputSize]`. */
      readonly newline: string;
      readonly activation: ActivationName;
      readonly first: LinearSpec;
      readonly second: LinearSpec;
    }
  | {
      /** Neighbouring patches are put side by side in one row; a linear layer follows (Idefics3). */
      readonly kind: 'shuffle';
      readonly factor: number;
      readonly linear: LinearSpec;
    };

/** From pixels to rows of the decoder. */
export interface VisionSpec {
  readonly tower: VisionTowerSpec;
  readonly projector: ProjectorSpec;
  /** Numbers per row of the decoder. */
  readonly outputSize: number;
  /** Rows that a tile becomes; where patches are pooled, those of a frame. */
  readonly rowsPerTile: number;
}
