import { NumpyArray, NumpyDtype } from './numpy-values.js';
import { PickleProblem } from './pickle-problem.js';

/** Objects that trainers put beside their tensors, and that are plain data once read. */
export const plainNames = [
  'collections.OrderedDict',
  'collections.defaultdict',
  'collections.Counter',
  'collections.deque',
  'argparse.Namespace',
  'pathlib.PosixPath',
  'pathlib.PurePosixPath',
  'pathlib.WindowsPath',
  'pathlib.PureWindowsPath',
  'pathlib._local.PosixPath',
  'pathlib._local.PurePosixPath',
  'pathlib._local.WindowsPath',
  'pathlib._local.PureWindowsPath',
  'torch.device',
  'torch.Size',
  'numpy.dtype',
  'numpy.core.multiarray.scalar',
  'numpy._core.multiarray.scalar',
  'numpy.core.multiarray._reconstruct',
  'numpy._core.multiarray._reconstruct',
  'numpy.core.numeric._frombuffer',
  'numpy._core.numeric._frombuffer',
  '_codecs.encode',
  ...['__builtin__', 'builtins'].flatMap((module) =>
    (['set', 'frozenset', 'bytes', 'bytearray', 'complex'] as const).map(
      (name) => `${module as '__builtin__' | 'builtins'}.${name}` as const,
    ),
  ),
] as const;

/** Names that stand for themselves: kinds of numbers, and what a defaultdict makes of a missing key. */
export const valueNames = [
  'torch.float64',
  'torch.float32',
  'torch.float16',
  'torch.bfloat16',
  'torch.int64',
  'torch.int32',
  'torch.int16',
  'torch.int8',
  'torch.uint8',
  'torch.uint16',
  'torch.uint32',
  'torch.uint64',
  'torch.bool',
  'numpy.ndarray',
  ...(
    [
      ...(['float64', 'float32', 'float16', 'int64', 'int32', 'int16', 'int8'] as const),
      ...(['uint64', 'uint32', 'uint16', 'uint8', 'bool_', 'bool'] as const),
    ] as const
  ).map((name) => `numpy.${name}` as const),
  ...['__builtin__', 'builtins'].flatMap((module) =>
    (['list', 'dict', 'tuple', 'int', 'long', 'float', 'bool', 'str', 'unicode'] as const).map(
      (name) => `${module as '__builtin__' | 'builtins'}.${name}` as const,
    ),
  ),
] as const;

/**
 * What a pickle makes of one of {@link plainNames}: Maps of dictionaries, strings of paths and devices, numbers.
 *
 * @throws {PickleProblem} when its parameters are not those that Python writes
 */
export function plainObject(
  name: (typeof plainNames)[number],
  parameters: readonly unknown[],
): unknown {
  const [first, second] = parameters;
  if (name === 'collections.OrderedDict' && parameters.length === 0) return new Map();
  if (name === 'collections.defaultdict' && parameters.length <= 1) {
    const isFactory = first === undefined || first === null || isName(first);
    if (isFactory) return new Map();
  }
  if (name === 'collections.Counter' && parameters.length <= 1) {
    if (first === undefined || first instanceof Map) return new Map(first);
  }
  if (name === 'collections.deque' && parameters.length <= 2) {
    if (first === undefined || Array.isArray(first)) return [...(first ?? [])];
  }
  if (name === 'argparse.Namespace' && parameters.length === 0) return new Attributes();
  if (name.startsWith('pathlib.') && parameters.every((part) => typeof part === 'string')) {
    return pathOf(parameters, name.includes('Windows') ? '\\' : '/');
  }
  if (name === 'torch.device' && typeof first === 'string') {
    if (parameters.length === 1) return first;
    if (parameters.length === 2 && Number.isSafeInteger(second)) return `${first}:${second}`;
  }
  if (name === 'torch.Size' && parameters.length === 1 && Array.isArray(first)) return first;
  if (name === 'numpy.dtype' && typeof first === 'string') return new NumpyDtype(first);
  if (name === '_codecs.encode' && typeof first === 'string' && second === 'latin1') {
    return latin1(first);
  }
  if (name.endsWith('.scalar') && first instanceof NumpyDtype && second instanceof Uint8Array) {
    return first.scalar(second);
  }
  if (name.endsWith('._reconstruct') && first === 'numpy.ndarray') return new NumpyArray();
  if (name.endsWith('._frombuffer')) {
    const [bytes, dtype, shape, order] = parameters;
    if (order === 'C' || order === 'F') return NumpyArray.of(bytes, dtype, shape, order === 'F');
  }
  const made = builtin(name.replace(/^.*\./, ''), first, second);
  if (made !== undefined) return made;
  throw new PickleProblem(`the pickle makes a ${name} in a way that torch.save does not`);
}

/** What an object has by name; its attributes follow it in a pickle. */
export class Attributes extends Map<unknown, unknown> {}

/** A complex number. */
export interface ComplexNumber {
  readonly real: number;
  readonly imaginary: number;
}

/** Values of Python that older protocols write as calls; undefined for others. */
function builtin(name: string, first: unknown, second: unknown): unknown {
  if (name === 'set' || name === 'frozenset') {
    if (first === undefined || Array.isArray(first)) return new Set(first);
  }
  if (name === 'bytes' && first === undefined) return new Uint8Array(0);
  if (name === 'bytearray') {
    if (first === undefined) return new Uint8Array(0);
    if (first instanceof Uint8Array) return first;
    if (typeof first === 'string' && second === 'latin-1') return latin1(first);
  }
  if (name === 'complex' && typeof first === 'number' && typeof second === 'number') {
    return { real: first, imaginary: second } satisfies ComplexNumber;
  }
  return undefined;
}

function pathOf(parts: readonly string[], separator: string): string {
  const join = (path: string, part: string) =>
    path === '' || path.endsWith(separator) ? path + part : path + separator + part;
  return parts.reduce(join, '') || '.';
}

/** Whether it is a name: of a value, or of something that could be called. */
function isName(value: unknown): boolean {
  const { name = value } = (value ?? {}) as { name?: unknown };
  return [...valueNames, ...plainNames].some((one) => one === name);
}

function latin1(text: string): Uint8Array {
  const bytes = Uint8Array.from(text, (letter) => letter.codePointAt(0)! & 0xff);
  const isLatin1 = Array.from(text).every((letter) => letter.codePointAt(0)! < 256);
  if (isLatin1) return bytes;
  throw new PickleProblem('the pickle encodes a text as latin1 that is none');
}
