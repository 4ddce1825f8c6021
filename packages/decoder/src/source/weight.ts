/** Where the bytes of a weight are: in a file, or in memory. */
export type WeightLocation =
  | {
      readonly kind: 'file';
      /** Of a regular file, not of a link: ONNX Runtime follows none. */
      readonly path: string;
      /** First byte, from the start of the file. */
      readonly offset: number;
      /** Bytes. */
      readonly length: number;
    }
  | { readonly kind: 'memory'; readonly bytes: Uint8Array };

/** A tensor of a model, from any source: everything that the graph needs to know about it. */
export interface Weight {
  readonly name: string;
  /**
   * `F32`, `F16`, `BF16` or `F64`, row by row and little-endian; or the name of a block format, such as
   * `Q4_0`, which stays in its bits or becomes float32 when the model is loaded.
   */
  readonly format: string;
  readonly shape: readonly number[];
  /**
   * If rows are stored in a different order than the graph needs: the stored index of each row.
   * @defaultValue the same order
   */
  readonly rowOrder?: Uint32Array;
  readonly location: WeightLocation;
}

/** Where a weight stands, for messages. */
export function placeOf({ location }: Weight, source: string): string {
  return location.kind === 'file' ? location.path : source;
}
