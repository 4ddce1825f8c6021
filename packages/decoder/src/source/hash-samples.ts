import { open } from 'node:fs/promises';

/** Passes on short samples from all over a file: they tell fine-tuned models of one shape apart. */
export async function hashSamples(
  file: { readonly path: string; readonly size: number; readonly dataOffset: number },
  update: (bytes: Uint8Array) => void,
): Promise<void> {
  const samples = 64;
  const sampleBytes = 1024;
  const handle = await open(file.path);
  try {
    for (let i = 0; i < samples; i++) {
      const start = file.dataOffset + Math.floor(((file.size - file.dataOffset) * i) / samples);
      const { bytesRead, buffer } = await handle.read(
        new Uint8Array(sampleBytes),
        0,
        sampleBytes,
        start,
      );
      update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}
