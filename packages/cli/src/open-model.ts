import { findModel, ModelNameError } from './find-model.js';

/**
 * The folder of a model that was named on the command line.
 *
 * @param name a folder, or a model of the hub as `OWNER/NAME`
 * @throws {ModelNameError} when it is neither
 */
export async function openModel(name: string, _signal?: AbortSignal): Promise<string> {
  const folder = await findModel(name);
  if (folder !== null) return folder;
  throw new ModelNameError(name, 'does not exist; name a folder');
}
