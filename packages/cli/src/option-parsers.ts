import { availableParallelism } from 'node:os';
import { NammError, noneOf } from '@namm/core';
import { parseBudget } from '@namm/kv-cache';
import { InvalidArgumentError } from 'commander';
import { describeError } from './describe-error.js';

// Each reads the text behind an option, or refuses it in words that commander puts behind the option's name.

/** A whole number above 0. */
export const count = (text: string): number => {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(`'${text}' is not a whole number above 0.`);
};

/** A whole number from 1 to the most there may be. */
export const countUpTo =
  (most: number) =>
  (text: string): number => {
    if (count(text) <= most) return count(text);
    throw new InvalidArgumentError(`'${text}' is more than ${most}.`);
  };

/** A whole number from 0 on, such as a seed. */
export const fromZero = (text: string): number => {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0 && text.trim() !== '') return value;
  throw new InvalidArgumentError(`'${text}' is not a whole number from 0 on.`);
};

/** Any number. */
export const number = (text: string): number => {
  const value = Number(text);
  if (Number.isFinite(value) && text.trim() !== '') return value;
  throw new InvalidArgumentError(`'${text}' is not a number.`);
};

/** A number above 0. */
export const positiveNumber = (text: string): number => {
  if (number(text) > 0) return number(text);
  throw new InvalidArgumentError(`'${text}' is not a positive number.`);
};

/** A port to listen on; 0 for any that is free. */
export const port = (text: string): number => {
  if (fromZero(text) < 2 ** 16) return fromZero(text);
  throw new InvalidArgumentError(`'${text}' is not a port, a whole number from 0 to 65535.`);
};

/** A number from 0 to 1. */
export const fraction = (text: string): number => {
  const value = Number(text);
  if (value >= 0 && value <= 1 && text.trim() !== '') return value;
  throw new InvalidArgumentError(`'${text}' is not a number from 0 to 1.`);
};

/** A number from 0 on. */
export const numberFromZero = (text: string): number => {
  if (number(text) >= 0) return number(text);
  throw new InvalidArgumentError(`'${text}' is not a number from 0 on.`);
};

/** A number above 0 and below 1. */
export const share = (text: string): number => {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError(`'${text}' is not between 0 and 1.`);
};

/** As many threads as there are cores at most: more would wait for each other. */
export const threadCount = (text: string): number => {
  const cores = availableParallelism();
  if (count(text) <= cores) return count(text);
  throw new InvalidArgumentError(`'${text}' is more than the ${cores} cores of this machine.`);
};

/** Values with commas between them. */
export const listOf =
  <Value>(parse: (text: string) => Value) =>
  (text: string): Value[] =>
    text.split(',').map((part) => parse(part.trim()));

/** One of some names. */
export const nameFrom =
  <Name extends string>(known: readonly Name[]) =>
  (text: string): Name => {
    const name = known.find((each) => each === text);
    if (name !== undefined) return name;
    throw new InvalidArgumentError(noneOf(text, known));
  };

/** The same, and the empty list by the name `none`. */
export const listOrNone = <Value>(parse: (text: string) => Value) => {
  const list = listOf(parse);
  return (text: string): Value[] => (text === 'none' ? [] : list(text));
};

/** A budget as its user wrote it, read once to see that it is one. */
export const budgetText = (text: string): string => {
  try {
    parseBudget(text, 'a');
    return text;
  } catch (error) {
    throw new InvalidArgumentError(describeError(error).replace(/^a: /, ''));
  }
};

/** What a reader of a package makes of a text; its refusal becomes that of the option. */
export const readBy =
  <Value>(read: (text: string) => Value) =>
  (text: string): Value => {
    try {
      return read(text);
    } catch (error) {
      const isRefusal = NammError.isInstance(error) || (error as NodeJS.ErrnoException).code;
      if (!isRefusal) throw error;
      throw new InvalidArgumentError(`${describeError(error)}.`);
    }
  };
