import { float16ToFloat32 } from '@namm/core/portable';
import { PickleProblem } from './pickle-problem.js';

/** Objects that trainers put beside their tensors, and that are plain data once read. */
export const plainNames = [
  'collections.OrderedDict',
  'collections.defaultdict',
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
  '_codecs.encode',
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
  'torch.bool',
  ...['__builtin__', 'builtins'].flatMap((module) =>
    (
      ['list', 'dict', 'set', 'tuple', 'int', 'long', 'float', 'bool', 'str', 'unicode'] as const
    ).map((name) => `${module as '__builtin__' | 'builtins'}.${name}` as const),
  ),
] as const;

/** A kind of numbers of numpy, whose byte order follows its name in a pickle. */
export class NumpyDtype {
  #order = '=';

  /** @param code such as `f8` */
  constructor(readonly code: string) {}

  /** @param state as numpy writes it: a version, the byte order, and what only structures have */
  build(state: unknown): void {
    const order = Array.isArray(state) ? state[1] : undefined;
    if (order !== '<' && order !== '|') {
      throw new PickleProblem('it holds numbers of numpy that are not little-endian');
    }
    this.#order = order;
  }

  /** The one number that these bytes are. */
  read(bytes: Uint8Array): number | bigint | boolean {
    const kind = scalars[this.code];
    if (kind === undefined || this.#order === '=' || bytes.length !== kind.width) {
      throw new PickleProblem(`it holds a number of numpy of kind '${this.code}'; not read`);
    }
    const value = kind.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (typeof value !== 'bigint') return value;
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
}

interface ScalarKind {
  readonly width: number;
  read(view: DataView): number | bigint | boolean;
}

const scalars: Readonly<Record<string, ScalarKind | undefined>> = {
  __proto__: null as never,
  f8: { width: 8, read: (view) => view.getFloat64(0, true) },
  f4: { width: 4, read: (view) => view.getFloat32(0, true) },
  f2: { width: 2, read: (view) => float16ToFloat32(Uint16Array.of(view.getUint16(0, true)))[0]! },
  i8: { width: 8, read: (view) => view.getBigInt64(0, true) },
  i4: { width: 4, read: (view) => view.getInt32(0, true) },
  i2: { width: 2, read: (view) => view.getInt16(0, true) },
  i1: { width: 1, read: (view) => view.getInt8(0) },
  u8: { width: 8, read: (view) => view.getBigUint64(0, true) },
  u4: { width: 4, read: (view) => view.getUint32(0, true) },
  u2: { width: 2, read: (view) => view.getUint16(0, true) },
  u1: { width: 1, read: (view) => view.getUint8(0) },
  b1: { width: 1, read: (view) => view.getUint8(0) !== 0 },
};

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
    const isFactory = first === undefined || first === null || isValueName(first);
    if (isFactory) return new Map();
  }
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
    return first.read(second);
  }
  throw new PickleProblem(`the pickle makes a ${name} in a way that torch.save does not`);
}

function pathOf(parts: readonly string[], separator: string): string {
  const join = (path: string, part: string) =>
    path === '' || path.endsWith(separator) ? path + part : path + separator + part;
  return parts.reduce(join, '') || '.';
}

function isValueName(value: unknown): boolean {
  return (valueNames as readonly unknown[]).includes(value);
}

function latin1(text: string): Uint8Array {
  const bytes = Uint8Array.from(text, (letter) => letter.codePointAt(0)! & 0xff);
  const isLatin1 = Array.from(text).every((letter) => letter.codePointAt(0)! < 256);
  if (isLatin1) return bytes;
  throw new PickleProblem('the pickle encodes a text as latin1 that is none');
}
