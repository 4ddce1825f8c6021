import { type FileHandle, open } from 'node:fs/promises';
import { FileFormatError } from '@namm/core';
import { openSealedFile, type SafetensorsFile } from '@namm/tensors';
import type { Episode, EpisodeSource } from '../contracts/episode-source.js';
import { type DataSetInfo, dataSetFormat } from './data-set.js';

/** A data set made by this package. */
export interface DataSet extends EpisodeSource {
  readonly info: DataSetInfo;
}

/**
 * Opens a data set that `writeDataSet` or one of the collectors wrote.
 *
 * @throws {FileFormatError} naming file, tensor and sizes: no safetensors file, no data set, sizes that differ
 *
 * @example
 * ```ts
 * const data = await openDataSet('data/hopper-medium-1687.safetensors');
 * const { mean, deviation } = await observationStatistics(data);
 * ```
 */
export async function openDataSet(path: string): Promise<DataSet> {
  const file = await openSealedFile(path);
  const info = infoOf(file, path);
  const { steps, observationSize, actionSize } = info;
  for (const [name, dtype, shape] of [
    ['observations', 'F32', [steps, observationSize]],
    ['actions', 'F32', [steps, actionSize]],
    ['rewards', 'F32', [steps]],
    ['terminals', 'U8', [steps]],
    ['timeouts', 'U8', [steps]],
  ] as const) {
    const entry = file.entry(name);
    if (entry.dtype === dtype && String(entry.shape) === String(shape)) continue;
    const problem = `${name} is ${entry.dtype} [${entry.shape.join(', ')}] where ${dtype} [${shape.join(', ')}] is needed`;
    throw new FileFormatError(path, problem, { details: { key: name, shape: entry.shape } });
  }
  return new OwnDataSet(path, file, await open(path, 'r'), info);
}

function infoOf(file: SafetensorsFile, path: string): DataSetInfo {
  const format = file.metadata.get('format');
  if (format !== dataSetFormat) {
    throw new FileFormatError(
      path,
      `is not a data set of this package: format ${format ?? 'is missing'}`,
    );
  }
  let info: DataSetInfo;
  try {
    info = JSON.parse(file.metadata.get('info') ?? '') as DataSetInfo;
  } catch (cause) {
    throw new FileFormatError(path, 'the info in its header is not JSON', { cause });
  }
  const counts = [info?.steps, info?.episodes, info?.observationSize, info?.actionSize];
  if (!counts.every((count) => Number.isSafeInteger(count) && count > 0)) {
    throw new FileFormatError(path, 'the info in its header lacks steps, episodes or sizes');
  }
  return info;
}

class OwnDataSet implements DataSet {
  readonly path: string;
  readonly info: DataSetInfo;
  readonly observationSize: number;
  readonly actionSize: number;
  readonly steps: number;
  readonly #file: SafetensorsFile;
  readonly #handle: FileHandle;

  constructor(path: string, file: SafetensorsFile, handle: FileHandle, info: DataSetInfo) {
    this.path = path;
    this.info = info;
    this.#file = file;
    this.#handle = handle;
    this.steps = info.steps;
    this.observationSize = info.observationSize;
    this.actionSize = info.actionSize;
  }

  async *episodes(): AsyncIterable<Episode> {
    // A byte or two a step: the only tensors that are read as a whole.
    const terminals = await this.#file.readBytes('terminals');
    const timeouts = await this.#file.readBytes('timeouts');
    let index = 0;
    for (let from = 0; from < this.steps; index++) {
      let to = from;
      while (to < this.steps && terminals[to] === 0 && timeouts[to] === 0) to++;
      const end = to === this.steps ? 'cut' : terminals[to] ? 'terminated' : 'truncated';
      to = Math.min(to + 1, this.steps);
      yield {
        index,
        length: to - from,
        observations: await this.#rows('observations', from, to),
        actions: await this.#rows('actions', from, to),
        rewards: await this.#rows('rewards', from, to),
        finalObservation: null,
        end,
      };
      from = to;
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #rows(name: string, from: number, to: number): Promise<Float32Array> {
    const { offset, shape } = this.#file.entry(name);
    const width = shape[1] ?? 1;
    const numbers = new Float32Array((to - from) * width);
    const bytes = new Uint8Array(numbers.buffer);
    for (let read = 0; read < bytes.length; ) {
      const at = offset + from * width * 4 + read;
      const { bytesRead } = await this.#handle.read(bytes, read, bytes.length - read, at);
      if (bytesRead === 0) {
        throw new FileFormatError(this.path, `ends inside ${name}`, { details: { key: name } });
      }
      read += bytesRead;
    }
    const bad = numbers.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      const problem = `${name} is ${numbers[bad]} in row ${from + Math.floor(bad / width)}`;
      throw new FileFormatError(this.path, problem, { details: { key: name } });
    }
    return numbers;
  }
}
