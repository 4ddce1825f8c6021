import { join } from 'node:path';
import { ConfigReader, ModelFolderError } from '@namm/decoder';
import { readJsonIfThere } from '../read-json-if-there.js';
import type { Filter } from './resize.js';
import type { PixelScale } from './to-pixels.js';

/** What a folder says of images and frames, each with the file that says it. */
export interface ProcessorFiles {
  readonly image: ConfigReader;
  /** Where nothing is said of frames, what is said of images. */
  readonly video: ConfigReader;
}

/**
 * Reads the processor files of a folder, in both layouts: `processor_config.json` with a part for images and one for
 * videos, or `preprocessor_config.json` and `video_preprocessor_config.json`.
 *
 * @throws {ModelFolderError} when there is none, or one is damaged
 */
export async function readProcessorFiles(folder: string): Promise<ProcessorFiles> {
  const read = async (name: string) => {
    const file = join(folder, name);
    const values = await readJsonIfThere(file);
    return values && new ConfigReader(file, values);
  };
  const joint = await read('processor_config.json');
  const image =
    joint?.optionalObject('image_processor') ?? (await read('preprocessor_config.json'));
  const video =
    joint?.optionalObject('video_processor') ?? (await read('video_preprocessor_config.json'));
  const either = image ?? video;
  if (either) return { image: image ?? either, video: video ?? either };
  const names = 'processor_config.json nor preprocessor_config.json';
  throw new ModelFolderError(folder, `holds neither ${names}; use a complete folder.`);
}

/** Pillow's numbers. */
const filters: Readonly<Record<number, Filter>> = { 1: 'lanczos', 2: 'bilinear', 3: 'bicubic' };

/** The filter that a processor resizes with. @throws {ModelFolderError} for one that is not known */
export function readFilter(processor: ConfigReader, defaultNumber: number): Filter {
  const number = processor.number('resample', { default: defaultNumber });
  return (
    filters[number] ??
    processor.fail('resample', `${number} is none of 1 (Lanczos), 2 (bilinear), 3 (bicubic)`)
  );
}

/** How a processor scales bytes. @throws {ModelFolderError} when a value cannot be right */
export function readPixelScale(
  processor: ConfigReader,
  defaults: { readonly mean: readonly number[]; readonly deviation: readonly number[] },
): PixelScale {
  const rescale = processor.boolean('do_rescale', true)
    ? processor.number('rescale_factor', { above: 0, default: 1 / 255 })
    : 1;
  if (!processor.boolean('do_normalize', true)) {
    return { rescale, mean: [0, 0, 0], deviation: [1, 1, 1] };
  }
  const three = (key: string, values: readonly number[]) =>
    processor.has(key) ? processor.numbers(key, 3) : values;
  return {
    rescale,
    mean: three('image_mean', defaults.mean),
    deviation: three('image_std', defaults.deviation),
  };
}

/**
 * Checks that a processor takes the steps that are always taken here.
 *
 * @throws {ModelFolderError} naming one that it leaves out
 */
export function checkSteps(processor: ConfigReader, steps: readonly string[]): void {
  for (const step of steps) {
    if (!processor.boolean(step, true))
      processor.fail(step, 'false is not supported; make it true');
  }
}
