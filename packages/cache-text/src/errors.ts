import { NammError, type NammErrorOptions } from '@namm/core';

/** What part of which model on a hub an error is about. */
export interface ModelFile {
  /** Id of the model, such as `HuggingFaceTB/SmolLM2-135M-Instruct`. */
  readonly model: string;
  readonly revision: string;
  /** File in the repository. */
  readonly file: string;
}

const named = ({ model, revision, file }: ModelFile) =>
  `${file} of ${model} (revision ${revision})`;

/** The hub refuses access: no token, a token without the right, or a licence that was not accepted. */
export class ModelAccessError extends NammError {
  constructor(where: ModelFile, problem: string, options: NammErrorOptions = {}) {
    super('MODEL_ACCESS', `${named(where)}: ${problem}`, {
      ...options,
      details: { ...where, ...options.details },
    });
  }
}

/** A model, a revision or a file that is needed does not exist, or not on this machine when offline. */
export class ModelNotFoundError extends NammError {
  constructor(where: ModelFile, problem: string, options: NammErrorOptions = {}) {
    super('MODEL_NOT_FOUND', `${named(where)}: ${problem}`, {
      ...options,
      details: { ...where, ...options.details },
    });
  }
}

/** A model exists, but has no weights that can be used: no safetensors. */
export class MissingWeightsError extends NammError {
  /** @param baseModel the model that its card says it was made from, when it says so */
  constructor(model: string, problem: string, baseModel: string | null) {
    super('MISSING_WEIGHTS', `${model}: ${problem}`, { details: { model, baseModel } });
  }
}

/** A file could not be fetched whole, or not be stored. What was fetched is kept, unless it is wrong. */
export class DownloadError extends NammError {
  constructor(where: ModelFile, problem: string, options: NammErrorOptions = {}) {
    super('DOWNLOAD', `${named(where)}: ${problem}`, {
      ...options,
      details: { ...where, ...options.details },
    });
  }
}

/** A cache could not be written. What was saved in the folder before still stands. */
export class CacheSaveError extends NammError {
  constructor(folder: string, problem: string, options: NammErrorOptions = {}) {
    const message = `The cache was not saved: ${problem}; make that possible, or save it in another folder.`;
    super('CACHE_SAVE', message, { ...options, details: { folder, ...options.details } });
  }
}

/** A prompt neither continues what a cache has read nor is clearly something new. */
export class PromptMismatchError extends NammError {
  /**
   * @param length tokens of the prompt
   * @param seen tokens that the cache has read
   * @param common tokens that the two have in common at their beginnings
   */
  constructor(length: number, seen: number, common: number) {
    const problem = `The prompt of ${length} tokens does not continue what the cache has read: of its ${seen} tokens only the first ${common} are the same.`;
    const advice = `If all of the prompt is new, leave attention_mask out, or make it ${seen + length} ones; if it is another conversation, use a new cache.`;
    super('PROMPT_MISMATCH', `${problem} ${advice}`, { details: { length, seen, common } });
  }
}
