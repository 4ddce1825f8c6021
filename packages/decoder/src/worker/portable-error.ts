import { inspect } from 'node:util';
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
  /** Whether it is a NammError. */
  readonly isOurs: boolean;
  /** What else it carries, such as code and details. */
  readonly fields: Readonly<Record<string, unknown>>;
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

/** Causes of causes that are sent along; more are hardly read, and they may go round in a circle. */
const longestChain = 8;

/** What the other side needs to make the error again; anything can be thrown, so anything is taken. */
export function toPortable(thrown: unknown, chain = 0): PortableError {
  const error = thrown instanceof Error ? thrown : new Error(textOf(thrown));
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    stack,
    isOurs: NammError.isInstance(error),
    fields: Object.fromEntries(Object.entries(error).filter(([, value]) => isCloneable(value))),
    cause: cause === undefined || chain === longestChain ? null : toPortable(cause, chain + 1),
  };
}

/**
 * The error again, of its own class where that is one of ours or of the language; otherwise a NammError or
 * Error of its name. Its stack is that of the worker.
 */
export function fromPortable({
  name,
  message,
  stack,
  isOurs,
  fields,
  cause,
}: PortableError): Error {
  const options = cause === null ? {} : { cause: fromPortable(cause) };
  const error = isOurs ? new NammError('', message, options) : new Error(message, options);
  const ownClass = classes.get(name);
  // Constructors build messages of their own, so the class is given afterwards.
  if (ownClass) Object.setPrototypeOf(error, ownClass.prototype);
  Object.assign(error, fields);
  for (const [key, value] of Object.entries({ name, stack })) {
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  }
  return error;
}

function textOf(thrown: unknown): string {
  return typeof thrown === 'string' ? thrown : inspect(thrown);
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
