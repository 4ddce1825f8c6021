import { FileFormatError } from '@namm/core/portable';

/** @throws {FileFormatError} unless format and version are those that are read here */
export function checkFormat(
  metadata: ReadonlyMap<string, string>,
  format: string,
  version: string,
  name: string,
): void {
  if (metadata.get('format') !== format) {
    throw new FileFormatError(name, 'is a safetensors file of something else');
  }
  if (metadata.get('version') === version) return;
  const problem = `has version ${metadata.get('version')}; version ${version} is read here`;
  throw new FileFormatError(name, problem);
}
