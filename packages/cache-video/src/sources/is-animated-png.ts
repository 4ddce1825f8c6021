import { open } from 'node:fs/promises';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** More chunks before the pixels than any file has. */
const mostChunks = 1000;

/** Whether a file is a PNG with several frames, of which the image library sees only the first. */
export async function isAnimatedPng(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(12);
    const read = async (at: number) => (await file.read(bytes, 0, 12, at)).bytesRead >= 8;
    if (!(await read(0)) || !bytes.subarray(0, 8).equals(signature)) return false;
    // Chunks: length, name, data, checksum. The one that says so stands before the pixels; one frame is none too many.
    for (let at = 8, i = 0; i < mostChunks && (await read(at)); i++) {
      const name = bytes.toString('latin1', 4, 8);
      if (name === 'acTL') return bytes.readUInt32BE(8) > 1;
      if (name === 'IDAT') return false;
      at += 12 + bytes.readUInt32BE(0);
    }
    return false;
  } finally {
    await file.close();
  }
}
