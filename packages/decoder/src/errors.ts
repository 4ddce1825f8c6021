import { NammError, type NammErrorOptions } from '@namm/core';

/** A model folder is incomplete, contradicts itself, or holds something the runtime does not support. */
export class ModelFolderError extends NammError {
  /**
   * @param file the file that is at fault
   * @param problem what is wrong there, and what to do
   */
  constructor(file: string, problem: string, options: NammErrorOptions = {}) {
    super('MODEL_FOLDER', `${file}: ${problem}`, {
      ...options,
      details: { file, ...options.details },
    });
  }
}

/** Token ids or embedding rows cannot be fed to the model. */
export class DecoderInputError extends NammError {
  constructor(problem: string, options: NammErrorOptions = {}) {
    super('DECODER_INPUT', problem, options);
  }
}

/** A sequence would outgrow the positions that the model can tell apart. */
export class PositionLimitError extends NammError {
  private constructor(needed: number, limit: number, advice: string) {
    super(
      'POSITION_LIMIT',
      `The sequence would reach ${needed} positions, but the model is made for ${limit}. ${advice}`,
      { details: { needed, limit } },
    );
  }

  /** @param learned whether the model has a table of positions, which has an end */
  static ofAbsolute(needed: number, limit: number, learned: boolean): PositionLimitError {
    const advice = learned
      ? 'Its positions are learned, so there are no more: shorten the input.'
      : "Shorten the input, make the cache with a budget and `positions: 'compact'`, or load the model with `contextExtension` or a higher `maximumPositions`.";
    return new PositionLimitError(needed, limit, advice);
  }

  /**
   * @param held positions that are left when all gaps are closed
   * @param count tokens of the chunk that has no room
   */
  static ofCompact(held: number, count: number, limit: number): PositionLimitError {
    const problem = `Closing gaps makes no room for ${count} more: the heads together hold ${held} positions.`;
    const advice = 'Use a smaller budget or chunk, or a policy whose heads keep the same tokens.';
    return new PositionLimitError(held + count, limit, `${problem} ${advice}`);
  }
}

/** A cache cannot be used with this decoder, or not now. */
export class CacheUseError extends NammError {
  constructor(problem: string, options: NammErrorOptions = {}) {
    super('CACHE_USE', problem, options);
  }
}

/** The model computed NaN or infinity; the cache was left as it was. */
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
