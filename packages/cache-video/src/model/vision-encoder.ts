import { InvalidArgumentError } from '@namm/core';
import {
  type Feed,
  type ModelSource,
  type Runtime,
  RuntimeFailure,
  type Session,
} from '@namm/decoder';
import { patchPositions } from './patch-positions.js';
import { visionGraph, visionNames } from './vision-graph.js';
import type { VisionSpec } from './vision-spec.js';

/** A loaded vision tower with its projector. */
export class VisionEncoder {
  readonly spec: VisionSpec;
  readonly #session: Session;
  /** Those of an image without padding. */
  readonly #whole: ReadonlyMap<string, Feed>;

  private constructor(spec: VisionSpec, session: Session) {
    this.spec = spec;
    this.#session = session;
    this.#whole = this.#visibility(null);
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
    return new VisionEncoder(spec, await runtime.load(visionGraph(source, spec), { threads }));
  }

  /**
   * The rows of one tile.
   *
   * @param pixels `[3, imageSize, imageSize]`
   * @param isPadding per patch, row by row: what nothing sees; none when left out
   * @returns `[rowsPerTile, outputSize]`
   * @throws {InvalidArgumentError} when a size is wrong, or a tower without padding is given some
   * @throws {RuntimeFailure} when the runtime fails, or the result is not finite
   */
  async encode(pixels: Float32Array, isPadding?: readonly boolean[]): Promise<Float32Array> {
    const { imageSize, hasPadding } = this.spec.tower;
    if (pixels.length !== 3 * imageSize ** 2) {
      const problem = `has ${pixels.length} numbers where [3, ${imageSize}, ${imageSize}] has ${3 * imageSize ** 2}`;
      throw new InvalidArgumentError('pixels', problem);
    }
    if (isPadding && !hasPadding) {
      throw new InvalidArgumentError('isPadding', 'this tower knows no padding');
    }
    const feeds = new Map<string, Feed>(isPadding ? this.#visibility(isPadding) : this.#whole);
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
}
