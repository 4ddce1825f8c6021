import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { type GgufFile, openGguf, withFile } from '@namm/tensors';
import { ModelFolderError } from '../../errors.js';
import { readSpec } from '../../families/read-spec.js';
import type { DecoderSpec, LinearSpec, NormSpec } from '../../spec/decoder-spec.js';
import { ConfigReader } from '../config-reader.js';
import { hashSamples } from '../hash-samples.js';
import type { ModelSource } from '../model-source.js';
import type { Weight } from '../weight.js';
import { ggufArchitecture } from './gguf-architecture.js';
import type { GgufArchitecture } from './gguf-architectures.js';
import { ggufConfig, ropeFactors } from './gguf-config.js';

/**
 * Opens a GGUF model: its spec from the metadata, its weights where they lie. What converters change for
 * llama.cpp is undone by the order of rows and by the spec; no weight is read yet, but RoPE's factors.
 *
 * @param path a GGUF file; of a split model the first
 * @throws {ModelFolderError | FileFormatError} naming the file, the key or tensor at fault, and what to do
 */
export async function openGgufModel(path: string): Promise<ModelSource> {
  // The tokenizer reads its words itself.
  const file = await openGguf(path, (key) => key.startsWith('tokenizer.'));
  const { architecture, name } = ggufArchitecture(file);
  const config = await ggufConfig(file, architecture, name);
  const reader = new ConfigReader(path, config);
  const headSize = Number(config.head_dim);
  const weights = await weightsOf(file, architecture, headSize);
  const spec = asStored(
    readSpec(reader, (weight) => weights.has(weight)),
    architecture,
  );
  return { name: path, spec, weights, digest: await digestOf(file) };
}

/** The weights under the names that the family has for them. */
async function weightsOf(
  file: GgufFile,
  architecture: GgufArchitecture,
  headSize: number,
): Promise<Map<string, Weight>> {
  // ONNX Runtime refuses weights that are links out of a folder, as in the hub's cache.
  const real = new Map<string, string>();
  for (const { path } of file.parts) real.set(path, await realpath(path));
  const weights = new Map<string, Weight>();
  for (const { name, type, shape, path, offset, byteLength } of file.tensors.values()) {
    if (Object.values(ropeFactors).includes(name)) continue;
    const own = nameIn(architecture, name);
    if (own === null) {
      const problem = `tensor ${JSON.stringify(name)} has no place in a model of its architecture`;
      throw new ModelFolderError(
        path,
        `${problem}: it would be left out. Use safetensors weights.`,
        {
          details: { tensor: name },
        },
      );
    }
    const isInterleaved = architecture.interleaved && /\.attn_[qk]\./.test(name);
    weights.set(own, {
      name: own,
      format: type,
      shape: architecture.flattened?.test(name) ? [shape[0]!, 1, ...shape.slice(1)] : shape,
      location: { kind: 'file', path: real.get(path)!, offset, length: byteLength },
      ...(isInterleaved ? { rowOrder: halvesOf(shape[0] ?? 1, headSize) } : {}),
    });
  }
  return weights;
}

function nameIn({ layer, names, others }: GgufArchitecture, name: string): string | null {
  const [, index, part, kind] = /^(?:blk\.(\d{1,5})\.)?([\w.]+)\.(weight|bias)$/.exec(name) ?? [];
  if (part === undefined) return null;
  const table = index === undefined ? others : names;
  if (!Object.hasOwn(table, part)) return null;
  return `${index === undefined ? '' : `${layer}${Number(index)}.`}${table[part]}.${kind}`;
}

/** Stored rows take turns between the two halves of a head; the graph wants one half behind the other. */
function halvesOf(rows: number, headSize: number): Uint32Array {
  const half = headSize / 2;
  return Uint32Array.from({ length: rows }, (_, row) => {
    const inHead = row % headSize;
    return row - inHead + 2 * (inHead % half) + (inHead < half ? 0 : 1);
  });
}

/** The spec with norms and matrices as they are stored in GGUF. */
function asStored(spec: DecoderSpec, { norms, transposed }: GgufArchitecture): DecoderSpec {
  const change = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(change);
    if (typeof value !== 'object' || value === null) return value;
    const changed = Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, change(item)]),
    );
    const plain: Partial<NormSpec> = { weightOffset: 0 };
    const turned: Partial<LinearSpec> = { layout: 'outputs-first' };
    return {
      ...changed,
      ...(norms === 'one-added' && 'weightOffset' in changed ? plain : {}),
      ...(transposed && 'layout' in changed ? turned : {}),
    };
  };
  return norms || transposed ? (change(spec) as DecoderSpec) : spec;
}

/** Of the headers, and of samples from all over the files. */
async function digestOf({ parts }: GgufFile): Promise<string> {
  const hash = createHash('sha256');
  for (const part of parts) {
    await withFile(part.path, async (handle) => {
      const piece = new Uint8Array(2 ** 20);
      for (let at = 0; at < part.dataOffset; ) {
        const length = Math.min(piece.length, part.dataOffset - at);
        const { bytesRead } = await handle.read(piece, 0, length, at);
        if (bytesRead === 0) break;
        hash.update(piece.subarray(0, bytesRead));
        at += bytesRead;
      }
    });
    await hashSamples(part, (bytes) => hash.update(bytes));
  }
  return hash.digest('hex');
}
