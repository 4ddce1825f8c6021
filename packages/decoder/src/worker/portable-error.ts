import * as core from '@namm/core';
import * as kvCache from '@namm/kv-cache';
import * as decoderErrors from '../errors.js';
import * as workerErrors from './worker-errors.js';

const { NammError } = core;

/** An error as plain data, since structured cloning would lose its class and fields. */
export interface PortableError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Null when the error is not one of ours. */
  readonly code: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly cause: PortableError | null;
}

/** By name: all our errors that code in a worker can throw, and those of the language. */
const classes: ReadonlyMap<string, { readonly prototype: Error }> = new Map(
  [
    ...Object.values<unknown>({ ...core, ...kvCache, ...decoderErrors, ...workerErrors }),
    ...[EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError],
  ]
    .filter((value) => typeof value === 'function' && value.prototype instanceof Error)
    .map((value) => value as typeof Error)
    .map((errorClass) => [errorClass.name, errorClass]),
);

/** What the other side needs to make the error again; anything can be thrown, so anything is taken. */
export function toPortable(thrown: unknown): PortableError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const isOurs = NammError.isInstance(error);
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    code: isOurs ? error.code : null,
    details: isOurs ? cloneable(error.details) : {},
    cause: error.cause === undefined ? null : toPortable(error.cause),
  };
}

/**
 * The error again, of its own class where that is one of ours or of the language; otherwise a NammError or
 * Error of its name. Its stack is that of the worker.
 */
export function fromPortable(portable: PortableError): Error {
  const { name, message, stack, code, details, cause } = portable;
  const options = cause === null ? {} : { cause: fromPortable(cause) };
  const error =
    code === null
      ? new Error(message, options)
      : new NammError(code, message, { ...options, details });
  const ownClass = classes.get(name);
  // Constructors build messages of their own, so the class is given afterwards.
  if (ownClass) Object.setPrototypeOf(error, ownClass.prototype);
  const rest = { value: name, configurable: true, writable: true };
  Object.defineProperty(error, 'name', { ...rest, enumerable: code !== null });
  if (stack) Object.defineProperty(error, 'stack', { ...rest, value: stack, enumerable: false });
  return error;
}

function cloneable(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    return structuredClone(details);
  } catch {
    return {};
  }
}
