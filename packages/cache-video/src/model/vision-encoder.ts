import { checkNames, InvalidArgumentError } from '@namm/core';
import {
  type Feed,
  ModelFolderError,
  type ModelSource,
  type Runtime,
  RuntimeFailure,
  readWeightRows,
  type Session,
} from '@namm/decoder';
import { patchPositions } from './patch-positions.js';
import { visionGraph, visionNames } from './vision-graph.js';
import type { VisionSpec } from './vision-spec.js';

/** How one tile is read. */
export interface EncodeTileOptions {
  /** Per patch, row by row: what nothing sees. @defaultValue none */
  readonly isPadding?: readonly boolean[];
  /**
   * Whether neighbouring patches are pooled, where the projector does that: those of frames are, those of images are not.
   * @defaultValue true
   */
  readonly pools?: boolean;
}

/** A loaded vision tower with its projector. */
export class VisionEncoder {
  readonly spec: VisionSpec;
  /** The row that ends each line of patches of an image, `[outputSize]`; null where images have none. */
  readonly newline: Float32Array | null;
  readonly #session: Session;
  /** Those of an image without padding. */
  readonly #whole: ReadonlyMap<string, Feed>;
  readonly #pooled: ReadonlyMap<string, Feed>;
  readonly #single: ReadonlyMap<string, Feed>;

  private constructor(spec: VisionSpec, session: Session, newline: Float32Array | null) {
    this.spec = spec;
    this.newline = newline;
    this.#session = session;
    this.#whole = this.#visibility(null);
    const { projector } = spec;
    this.#pooled = this.#groups(projector.kind === 'pool' ? projector.stride : 1);
    this.#single = this.#groups(1);
  }

  /**
   * Loads one.
   *
   * @throws {ModelFolderError} when a weight is missing, or has another shape than the spec says
   * @throws {RuntimeFailure} when the runtime refuses the graph
   */
  static async load(
    source: ModelSource,
    spec: VisionSpec,
    runtime: Runtime,
    threads: number,
  ): Promise<VisionEncoder> {
    const newline = await readNewline(source, spec);
    const session = await runtime.load(visionGraph(source, spec), { threads });
    return new VisionEncoder(spec, session, newline);
  }

  /**
   * The rows of one tile.
   *
   * @param pixels `[3, imageSize, imageSize]`
   * @param options which patches are padding, and whether they are pooled
   * @returns `[rowsPerTile, outputSize]`; not pooled, a row for each patch
   * @throws {InvalidArgumentError} when a size is wrong, or a tower without padding is given some
   * @throws {RuntimeFailure} when the runtime fails, or the result is not finite
   */
  async encode(pixels: Float32Array, options: EncodeTileOptions = {}): Promise<Float32Array> {
    const { isPadding, pools = true } = checkNames('encode', options, ['isPadding', 'pools']);
    const { imageSize, hasPadding } = this.spec.tower;
    if (pixels.length !== 3 * imageSize ** 2) {
      const problem = `has ${pixels.length} numbers where [3, ${imageSize}, ${imageSize}] has ${3 * imageSize ** 2}`;
      throw new InvalidArgumentError('pixels', problem);
    }
    if (isPadding && !hasPadding) {
      throw new InvalidArgumentError('isPadding', 'this tower knows no padding');
    }
    const feeds = new Map<string, Feed>([
      ...(isPadding ? this.#visibility(isPadding) : this.#whole),
      ...(pools ? this.#pooled : this.#single),
    ]);
    feeds.set(visionNames.pixels, { data: pixels, shape: [1, 3, imageSize, imageSize] });
    const features = (await this.#session.run(feeds)).get(visionNames.features)!;
    if (features.every(Number.isFinite)) return features;
    throw new RuntimeFailure('The vision tower computed NaN or infinity', 'fetch the model again');
  }

  /** Frees the weights. */
  async release(): Promise<void> {
    await this.#session.release();
  }

  #visibility(isPadding: readonly boolean[] | null): Map<string, Feed> {
    const { imageSize, patchSize, hasPadding } = this.spec.tower;
    if (!hasPadding) return new Map();
    const edge = Math.floor(imageSize / patchSize);
    const padding = isPadding ?? Array.from({ length: edge * edge }, () => false);
    const positions = patchPositions(edge, padding);
    const visible = Int32Array.from(padding.flatMap((isHidden, i) => (isHidden ? [] : [i])));
    return new Map<string, Feed>([
      [visionNames.positions, { data: positions, shape: [positions.length] }],
      [visionNames.visible, { data: visible, shape: [visible.length] }],
    ]);
  }

  /** Which patches each row is pooled from: squares of this edge, row by row. */
  #groups(stride: number): Map<string, Feed> {
    if (this.spec.projector.kind !== 'pool') return new Map();
    const { imageSize, patchSize } = this.spec.tower;
    const edge = Math.floor(imageSize / patchSize);
    const across = Math.floor(edge / stride);
    const data = Int32Array.from({ length: (across * stride) ** 2 }, (_, i) => {
      const [group, member] = [Math.floor(i / stride ** 2), i % stride ** 2];
      const y = Math.floor(group / across) * stride + Math.floor(member / stride);
      const x = (group % across) * stride + (member % stride);
      return y * edge + x;
    });
    return new Map([[visionNames.groups, { data, shape: [across ** 2, stride ** 2] }]]);
  }
}

async function readNewline(
  { name, weights }: ModelSource,
  { projector, outputSize }: VisionSpec,
): Promise<Float32Array | null> {
  if (projector.kind !== 'pool') return null;
  const weight = weights.get(projector.newline);
  if (weight && `${weight.shape}` === `${outputSize}`) {
    return readWeightRows({ ...weight, shape: [1, outputSize] }, [0]);
  }
  const problem = weight ? `has shape [${weight.shape}]` : 'is missing';
  const message = `${projector.newline} ${problem} where [${outputSize}] is required.`;
  throw new ModelFolderError(name, message, { details: { tensor: projector.newline } });
}
