import { existsSync, statSync } from 'node:fs';
import { InvalidArgumentError, suggestName } from '@namm/core';
import { resolveModel } from '@namm/hub';
import { modelFolder, modelNames, videoModelFolder, videoModelNames } from '@namm/models';
import { StatusLine } from './status-line.js';

/**
 * The folder or GGUF file of a model that was named on the command line, fetched from the hub when it is not on the
 * disk.
 *
 * @param name a folder, a GGUF file, a bundled model by name, or a model of the hub as `OWNER/NAME` or `OWNER/NAME:FILE.gguf`
 * @param signal stops a download; the next one goes on from there
 * @throws {InvalidArgumentError} for a file that is not GGUF
 * @throws what {@link resolveModel} throws
 */
export async function openModel(name: string, signal?: AbortSignal): Promise<string> {
  if (!existsSync(name)) {
    const bundled = bundledFolder(name);
    if (bundled !== null) return bundled;
    const meant = name.includes('/')
      ? null
      : suggestName(name, [...modelNames, ...videoModelNames]);
    if (meant !== null) {
      const problem = `there is no folder ${name}, nor a bundled model of that name; did you mean '${meant}'?`;
      throw new InvalidArgumentError('model', problem);
    }
  }
  // A file beside us is not the id of a model.
  if (!/\.gguf$/i.test(name) && statSync(name, { throwIfNoEntry: false })?.isFile()) {
    throw new InvalidArgumentError('model', `${name} is neither a folder nor a GGUF file`);
  }
  const status = new StatusLine();
  let isFetching = false;
  try {
    return await resolveModel(name, {
      gguf: true,
      ...(signal && { signal }),
      onEvent: (event) => {
        // What is on the disk already comes whole.
        if (event.status === 'progress' && event.loaded < event.total && !isFetching) {
          isFetching = true;
          status.finish(`fetching ${name} from the hub`);
        }
        if (!isFetching || event.status !== 'progress_total') return;
        const [loaded, total] = [event.loaded, event.total].map((bytes) =>
          (bytes / 1e6).toFixed(1),
        );
        status.show(`${loaded} of ${total} MB, ${event.progress.toFixed(0)} %`);
      },
    });
  } finally {
    status.clear();
  }
}

/** The folder of a bundled model; null for any other name. */
function bundledFolder(name: string): string | null {
  const ofText = modelNames.find((one) => one === name);
  const ofVideo = videoModelNames.find((one) => one === name);
  return ofText ? modelFolder(ofText) : ofVideo ? videoModelFolder(ofVideo) : null;
}
