import { PickleProblem } from './pickle-problem.js';
import { swapBytes } from './swap-bytes.js';
import { type TorchDtype, type TorchStorage, TorchTensor, torchWidths } from './torch-tensor.js';
import { PickleGlobal, type PickleHandlers } from './unpickle.js';

const storageDtypes: Readonly<Partial<Record<PickleGlobal['name'], TorchDtype>>> = {
  'torch.DoubleStorage': 'float64',
  'torch.FloatStorage': 'float32',
  'torch.HalfStorage': 'float16',
  'torch.BFloat16Storage': 'bfloat16',
  'torch.LongStorage': 'int64',
  'torch.IntStorage': 'int32',
  'torch.ShortStorage': 'int16',
  'torch.CharStorage': 'int8',
  'torch.ByteStorage': 'uint8',
  'torch.BoolStorage': 'bool',
  'torch.storage.UntypedStorage': 'uint8',
};

/** Kinds that came after typed storages, whose tensors name them. */
const laterDtypes: Readonly<Record<string, TorchDtype>> = {
  'torch.uint16': 'uint16',
  'torch.uint32': 'uint32',
  'torch.uint64': 'uint64',
};

/** Finds the elements of a storage by its key. @throws {PickleProblem} when they are not there */
export type LocateStorage = (
  key: string,
  dtype: TorchDtype,
  count: number,
  bytes: number,
) => TorchStorage;

/**
 * How torch.save writes tensors: references to storages, and views of them.
 *
 * @param isBigEndian whether numbers of storages are
 */
export function torchHandlers(
  path: string,
  locate: LocateStorage,
  isBigEndian = false,
): PickleHandlers {
  /** A storage whose numbers are of a kind, read as little-endian ones. */
  const of = (storage: TorchStorage, dtype: TorchDtype, count: number): TorchStorage => {
    const width = torchWidths[dtype];
    const read = isBigEndian
      ? async () => swapBytes(await storage.read(), width)
      : () => storage.read();
    return { dtype, count, read };
  };
  const storages = new Set<unknown>();
  return {
    // ('storage', type, key, location, count), in old files followed by a view that is None. The
    // location says on which device the tensor was.
    persistent(id) {
      const [tag, type, key, location, count, view] = Array.isArray(id) ? id : [];
      const dtype = type instanceof PickleGlobal ? storageDtypes[type.name] : undefined;
      const isValid =
        tag === 'storage' &&
        dtype !== undefined &&
        typeof key === 'string' &&
        typeof location === 'string' &&
        (view === undefined || view === null);
      if (!isValid || !Number.isSafeInteger(count) || count < 0) {
        throw new PickleProblem('it refers to something that is not a storage of numbers');
      }
      const storage = of(locate(key, dtype, count, count * torchWidths[dtype]), dtype, count);
      storages.add(storage);
      return storage;
    },
    reduce(name, parameters) {
      if (name.startsWith('torch._utils._rebuild_parameter')) {
        if (parameters[0] instanceof TorchTensor) return parameters[0];
      } else if (name.startsWith('torch._utils._rebuild_tensor_')) {
        const [storage, offset, shape, strides] = parameters;
        const isLater = name.endsWith('_v3');
        const isValid = storages.has(storage) && Array.isArray(shape) && Array.isArray(strides);
        checkMetadata(parameters[isLater ? 7 : 6]);
        if (isValid) {
          const bytes = storage as TorchStorage;
          const dtype = isLater ? laterDtype(parameters[6]) : bytes.dtype;
          const count = isLater ? Math.floor(bytes.count / torchWidths[dtype]) : bytes.count;
          const numbers = isLater ? of(bytes, dtype, count) : bytes;
          return new TorchTensor(path, numbers, offset as number, shape, strides);
        }
      }
      throw new PickleProblem(`it uses ${name} in a way that torch.save does not`);
    },
  };
}

/** The kind that a tensor of a storage of bytes names. */
function laterDtype(named: unknown): TorchDtype {
  const dtype = typeof named === 'string' ? laterDtypes[named] : undefined;
  if (dtype !== undefined) return dtype;
  throw new PickleProblem(`it holds a tensor of ${String(named).slice(0, 60)}, which is not read`);
}

/** Views that are to be negated or conjugated when they are read would have wrong numbers. */
function checkMetadata(metadata: unknown): void {
  if (!(metadata instanceof Map)) return;
  const [name] = [...metadata].find(([, value]) => value === true) ?? [];
  if (name === undefined) return;
  throw new PickleProblem(
    `it holds a view that is lazily changed ('${String(name).slice(0, 20)}'); clone it before saving`,
  );
}
