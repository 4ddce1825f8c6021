const marker = Symbol.for('namm.error');

/** What every error of the packages carries beside its message. */
export interface NammErrorOptions {
  /** The error that led to this one. */
  cause?: unknown;
  /** Facts for programs: file, tensor, option, value … */
  details?: Readonly<Record<string, unknown>>;
}

/**
 * Base of all errors that the NAMM packages throw on purpose. The message says what was wrong, where,
 * and what to do; `code` is stable and meant for programs.
 *
 * @example
 * ```ts
 * try {
 *   parseBudget('0MB');
 * } catch (error) {
 *   if (NammError.isInstance(error)) report(error.code, error.message);
 * }
 * ```
 */
export class NammError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: NammErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    // esbuild puts an underscore before the name of a class that mentions itself.
    this.name = new.target.name.replace(/^_/, '');
    this.code = code;
    this.details = options.details ?? {};
    // A symbol from the global registry, so that `isInstance` works across two copies of the package.
    Object.defineProperty(this, marker, { value: true });
  }

  /** Whether a value is an error of ours, also when another copy of the package made it. */
  static isInstance(value: unknown): value is NammError {
    return value instanceof Error && marker in value;
  }
}

/** An argument or option has a value that cannot be used. */
export class InvalidArgumentError extends NammError {
  constructor(argument: string, problem: string, options: NammErrorOptions = {}) {
    super('INVALID_ARGUMENT', `${argument}: ${problem}`, {
      ...options,
      details: { argument, ...options.details },
    });
  }
}

/** A file cannot be read, or does not hold what its format demands. */
export class FileFormatError extends NammError {
  constructor(file: string, problem: string, options: NammErrorOptions = {}) {
    super('FILE_FORMAT', `${file}: ${problem}`, {
      ...options,
      details: { file, ...options.details },
    });
  }
}
