import { NammError, type NammErrorOptions } from '@namm/core';

/** The model, revision and file that an error is about. */
export interface ModelFile {
  /** The model as given: an id such as `HuggingFaceTB/SmolLM2-135M-Instruct`, or a folder. */
  readonly model: string;
  /** Null for a folder. */
  readonly revision: string | null;
  /** File in the repository. */
  readonly file: string;
}

const named = ({ model, revision, file }: ModelFile) =>
  revision === null ? `${file} of ${model}` : `${file} of ${model} (revision ${revision})`;

/** The hub refuses access: no token, a token without permission, or a licence that was not accepted. */
export class ModelAccessError extends NammError {
  constructor(where: ModelFile, problem: string, options: NammErrorOptions = {}) {
    super('MODEL_ACCESS', `${named(where)}: ${problem}`, {
      ...options,
      details: { ...where, ...options.details },
    });
  }
}

/** A required model, revision or file does not exist, or is not on this machine while offline. */
export class ModelNotFoundError extends NammError {
  constructor(where: ModelFile, problem: string, options: NammErrorOptions = {}) {
    super('MODEL_NOT_FOUND', `${named(where)}: ${problem}`, {
      ...options,
      details: { ...where, ...options.details },
    });
  }
}

/** A model exists, but has no usable weights (no safetensors). */
export class MissingWeightsError extends NammError {
  /** @param baseModel the model that its card says it was made from, when it says so */
  constructor(model: string, problem: string, baseModel: string | null) {
    super('MISSING_WEIGHTS', `${model}: ${problem}`, { details: { model, baseModel } });
  }
}

/** A file could not be fetched completely, or not be stored. What was fetched is kept, unless it is corrupt. */
export class DownloadError extends NammError {
  constructor(where: ModelFile, problem: string, options: NammErrorOptions = {}) {
    super('DOWNLOAD', `${named(where)}: ${problem}`, {
      ...options,
      details: { ...where, ...options.details },
    });
  }
}
