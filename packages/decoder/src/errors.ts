import { NammError, type NammErrorOptions } from '@namm/core';

/** A model folder is incomplete, contradicts itself, or holds something the runtime does not support. */
export class ModelFolderError extends NammError {
  /**
   * @param file the file with the problem
   * @param problem what is wrong, and what to do
   */
  constructor(file: string, problem: string, options: NammErrorOptions = {}) {
    super('MODEL_FOLDER', `${file}: ${problem}`, {
      ...options,
      details: { file, ...options.details },
    });
  }
}

/** Token ids or embedding rows are not valid input for the model. */
export class DecoderInputError extends NammError {
  constructor(problem: string, options: NammErrorOptions = {}) {
    super('DECODER_INPUT', problem, options);
  }
}

/** A sequence would exceed the model's number of positions. */
export class PositionLimitError extends NammError {
  /** @param advice what to do about it */
  constructor(needed: number, limit: number, advice: string) {
    super(
      'POSITION_LIMIT',
      `The sequence would reach ${needed} positions, but the model is made for ${limit}. ${advice}`,
      { details: { needed, limit } },
    );
  }
}

/** A cache cannot be used with this decoder, or not now. */
export class CacheUseError extends NammError {
  constructor(problem: string, options: NammErrorOptions = {}) {
    super('CACHE_USE', problem, options);
  }
}

/** The model computed NaN or infinity; the cache is unchanged. */
export class NonFiniteError extends NammError {
  constructor(where: string, options: NammErrorOptions = {}) {
    super('NON_FINITE', `The model computed NaN or infinity: ${where}`, options);
  }
}

/** ONNX Runtime refused the graph or failed while running it. */
export class RuntimeFailure extends NammError {
  constructor(problem: string, cause: unknown) {
    super('RUNTIME', `${problem}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}
