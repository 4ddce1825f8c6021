import { PickleProblem } from './pickle-problem.js';
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
};

/** Finds the elements of a storage by its key. @throws {PickleProblem} when they are not there */
export type LocateStorage = (
  key: string,
  dtype: TorchDtype,
  count: number,
  bytes: number,
) => TorchStorage;

/** How torch.save writes tensors: references to storages, and views of them. */
export function torchHandlers(path: string, locate: LocateStorage): PickleHandlers {
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
        throw new PickleProblem('it refers to something that is no storage of numbers');
      }
      const storage = locate(key, dtype, count, count * torchWidths[dtype]);
      storages.add(storage);
      return storage;
    },
    reduce(name, parameters) {
      if (name === 'torch._utils._rebuild_parameter') {
        if (parameters[0] instanceof TorchTensor) return parameters[0];
      } else if (name === 'torch._utils._rebuild_tensor_v2') {
        const [storage, offset, shape, strides] = parameters;
        const isValid = storages.has(storage) && Array.isArray(shape) && Array.isArray(strides);
        if (isValid) {
          return new TorchTensor(path, storage as TorchStorage, offset as number, shape, strides);
        }
      }
      throw new PickleProblem(`it uses ${name} in a way that torch.save does not`);
    },
  };
}
