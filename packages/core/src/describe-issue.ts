import { noneOf } from './none-of.js';
import { shown } from './shown.js';

/** A problem that zod found, as far as words need it. */
interface Issue {
  readonly code?: string | undefined;
  readonly input?: unknown;
  readonly message?: string | undefined;
  readonly path?: readonly PropertyKey[] | undefined;
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/**
 * What zod finds wrong with a value, in plain words that go on behind its name: `messages: is missing`. For the option
 * `error` of zod's `parse` and `safeParse`; schemas' own messages stand.
 *
 * @param issue as zod gives it
 * @returns the words, or undefined for a kind of problem that zod must name itself
 *
 * @example
 * ```ts
 * schema.safeParse(body, { error: describeIssue }); // "'hot' is not a number"
 * ```
 */
export function describeIssue(issue: object): string | undefined {
  const { code, input, ...rest } = issue as Issue;
  const about = rest as Readonly<Record<string, unknown>>;
  switch (code) {
    case 'invalid_type': {
      if (input === undefined) return 'is missing';
      return `${short(input)} is not ${kindOf(about.expected)}`;
    }
    case 'invalid_value': {
      const values = about.values as readonly unknown[];
      if (input === undefined) return `is missing; it is ${values.map(shown).join(' or ')}`;
      if (values.length === 1) return `${short(input)} is not ${shown(values[0])}`;
      return typeof input === 'string' && input.length < 100
        ? noneOf(input, values.map(String))
        : `${short(input)} is none of ${values.join(', ')}`;
    }
    case 'too_small':
      return bound(about.origin, input, about.minimum, about.inclusive !== false, 'least');
    case 'too_big':
      return bound(about.origin, input, about.maximum, about.inclusive !== false, 'most');
    case 'unrecognized_keys': {
      const [key] = about.keys as readonly string[];
      return noneOf(key!, namesOf(about.inst));
    }
    case 'invalid_format':
      return about.pattern ? `${short(input)} is not of the form ${about.pattern}` : undefined;
    case 'invalid_key':
      return (about.issues as readonly Issue[])[0]?.message;
    case 'invalid_union':
      return describeUnion(input, about.errors as readonly (readonly Issue[])[]);
    default:
      return undefined;
  }
}

function bound(
  origin: unknown,
  input: unknown,
  limit: unknown,
  inclusive: boolean,
  side: 'least' | 'most',
): string {
  if (origin === 'array' || origin === 'string') {
    const { length } = input as string | readonly unknown[];
    if (length === 0) return 'is empty';
    const unit = origin === 'array' ? 'items' : 'characters';
    return `has ${length} ${unit}; there may be ${limit} at ${side}`;
  }
  const [beyond, within] = side === 'least' ? ['below', 'above'] : ['above', 'below'];
  return inclusive ? `${input} is ${beyond} ${limit}` : `${input} is not ${within} ${limit}`;
}

/** What the alternative says whose kind the value has; else which kinds there are. */
function describeUnion(input: unknown, errors: readonly (readonly Issue[])[]): string | undefined {
  if (input === undefined) return 'is missing';
  const depth = ({ path = [] }: Issue) => path.length;
  const ofKind = errors.filter(([one]) => one!.code !== 'invalid_type' || depth(one!) > 0);
  if (ofKind.length === 0) {
    const names = errors.map(([one]) => kindOf((one as { expected?: unknown }).expected));
    return `${short(input)} is neither ${[...new Set(names)].join(' nor ')}`;
  }
  // An alternative that calls itself something else, as by its `type`, is not meant.
  const meant = ofKind.filter((all) => !all.some((one) => one.code === 'invalid_value'));
  const [issue] = meant.length === 1 ? meant[0]! : [];
  if (issue === undefined) return undefined;
  const path = issue.path!.map(String).join('.');
  // What an alternative within it says begins with a path, too.
  const joint = /^[\w.]+: /.test(issue.message ?? '') ? '.' : ': ';
  return path === '' ? issue.message : `${path}${joint}${issue.message}`;
}

const kindOf = (expected: unknown) => kinds[String(expected)] ?? `of the kind ${expected}`;

/** The names that an object of zod's has. */
function namesOf(schema: unknown): string[] {
  const { def } = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod ?? {};
  return Object.keys(def?.shape ?? {});
}

/** A value in words, but not a long text. */
const short = (value: unknown) =>
  typeof value === 'string' && value.length > 60 ? `'${value.slice(0, 60)}…'` : shown(value);
