import { checkNames, InvalidArgumentError, shown } from '@namm/core/portable';
import { oneOf } from '../one-of.js';
import { spaceAliases } from '../option-names.js';
import type { Choice, Parameter } from './parameter.js';

const kinds = ['linear', 'log', 'integer', 'ordinal', 'categorical'] as const;

function refuse(name: string, problem: string): never {
  throw new InvalidArgumentError(name, problem);
}

/** @throws {InvalidArgumentError} for a parameter that cannot be searched, naming it */
export function checkParameter(name: string, parameter: Parameter): void {
  const given: unknown = parameter;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const example = "{ kind: 'linear', low: 0, high: 1 }";
    refuse(name, `${shown(given)} is not a parameter; write ${example}`);
  }
  const kind = 'kind' in given ? (given.kind as Parameter['kind'] | undefined) : undefined;
  if (kind === undefined) {
    // names first, so that `type` gets the hint that it is called `kind`
    checkNames(
      name,
      parameter,
      ['kind', 'low', 'high', 'start', 'choices'] as never[],
      spaceAliases,
    );
  }
  oneOf(`${name}.kind`, kind, kinds);
  if (parameter.kind === 'ordinal' || parameter.kind === 'categorical') {
    checkNames(name, parameter, ['kind', 'choices', 'start'], spaceAliases);
    checkChoices(name, parameter.choices, parameter.start);
    return;
  }
  checkNames(name, parameter, ['kind', 'low', 'high', 'start'], spaceAliases);
  checkRange(name, parameter);
}

const isChoice = (value: unknown): value is Choice =>
  value === null ||
  ['string', 'boolean'].includes(typeof value) ||
  (typeof value === 'number' && !Number.isNaN(value));

function checkChoices(name: string, choices: readonly Choice[], start: Choice | undefined): void {
  if (!Array.isArray(choices) || choices.length < 2) {
    refuse(`${name}.choices`, `${shown(choices)} is not a list of two values or more`);
  }
  for (let i = 0; i < choices.length; i++) {
    if (!isChoice(choices[i])) {
      refuse(
        `${name}.choices`,
        `value ${i} is ${shown(choices[i])}; text, numbers, booleans and null are taken`,
      );
    }
    if (choices.indexOf(choices[i]!) !== i) {
      refuse(`${name}.choices`, `${shown(choices[i])} appears twice`);
    }
  }
  if (start === undefined || choices.includes(start)) return;
  refuse(`${name}.start`, `${shown(start)} is none of the choices`);
}

function checkRange(
  name: string,
  { kind, low, high, start }: Extract<Parameter, { readonly low: number }>,
): void {
  const isFit = kind === 'integer' ? Number.isSafeInteger : Number.isFinite;
  const needed = kind === 'integer' ? 'a safe integer' : 'a finite number';
  for (const [end, value] of Object.entries({ low, high, start })) {
    if (end === 'start' && value === undefined) continue;
    if (!isFit(value)) refuse(`${name}.${end}`, `${shown(value)} is not ${needed}`);
  }
  if (!(low < high)) refuse(name, `goes from ${low} to ${high}; low must be below high`);
  if (kind === 'log' && !(low > 0)) {
    refuse(`${name}.low`, `${low} has no logarithm; a log parameter is above 0`);
  }
  if (kind === 'integer' && !Number.isSafeInteger(high - low)) {
    refuse(name, `has too many integers between ${low} and ${high}`);
  }
  if (start !== undefined && !(start >= low && start <= high)) {
    refuse(`${name}.start`, `${start} is not between ${low} and ${high}`);
  }
}
