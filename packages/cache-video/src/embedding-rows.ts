import {
  type DecoderSpec,
  ModelFolderError,
  type ModelSource,
  readWeightRows,
  type Weight,
} from '@namm/decoder';

/** Rows of the decoder for ids, read from the weights as they are asked for: prompts have few ids, and again and again. */
export class EmbeddingRows {
  readonly #weight: Weight;
  readonly #scale: number;
  readonly #size: number;
  readonly #known = new Map<number, Float32Array>();

  /** @throws {ModelFolderError} when the weights lack the embedding, or it has another shape */
  constructor({ name, spec, weights }: ModelSource) {
    const { embedding, vocabularySize, hiddenSize } = spec as DecoderSpec;
    const weight = weights.get(embedding!.weight);
    if (!weight || `${weight.shape}` !== `${[vocabularySize, hiddenSize]}`) {
      const shape = weight ? `has shape [${weight.shape}]` : 'is missing';
      const problem = `${embedding!.weight} ${shape} where [${vocabularySize},${hiddenSize}] is required.`;
      throw new ModelFolderError(name, problem, { details: { tensor: embedding!.weight } });
    }
    this.#weight = weight;
    this.#scale = embedding!.scale;
    this.#size = hiddenSize;
  }

  /** The rows of ids, `[ids, hiddenSize]`. @throws {FileFormatError} when the file cannot be read any more */
  async of(ids: readonly number[]): Promise<Float32Array> {
    const missing = [...new Set(ids)].filter((id) => !this.#known.has(id));
    if (missing.length > 0) {
      const read = await readWeightRows(this.#weight, missing);
      for (const [i, id] of missing.entries()) {
        const row = read.slice(i * this.#size, (i + 1) * this.#size);
        this.#known.set(id, this.#scale === 1 ? row : row.map((x) => x * this.#scale));
      }
    }
    const rows = new Float32Array(ids.length * this.#size);
    for (const [i, id] of ids.entries()) rows.set(this.#known.get(id)!, i * this.#size);
    return rows;
  }
}
