import { InvalidArgumentError } from '@namm/core/portable';
import type { GgufLayout } from './gguf-types.js';

/** @throws {InvalidArgumentError} when bytes are not the blocks of so many numbers */
export function checkBlocks(
  type: string,
  { blockSize, blockBytes }: GgufLayout,
  bytes: Uint8Array,
  count: number,
): void {
  const blocks = count / blockSize;
  if (Number.isInteger(blocks) && bytes.length === blocks * blockBytes) return;
  const problem = `${bytes.length} bytes of ${type} are not ${count} numbers`;
  throw new InvalidArgumentError('bytes', problem);
}
