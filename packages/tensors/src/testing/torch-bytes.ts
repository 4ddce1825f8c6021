import { crc32 } from 'node:zlib';

/** Pickles, piece by piece. */
export const pickle = {
  protocol: Uint8Array.of(0x80, 2),
  stop: Uint8Array.of(0x2e),
  dict: Uint8Array.of(0x7d),
  mark: Uint8Array.of(0x28),
  setItems: Uint8Array.of(0x75),
  tuple: Uint8Array.of(0x74),
  reduce: Uint8Array.of(0x52),
  persistent: Uint8Array.of(0x51),
  text: (value: string) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([Uint8Array.of(0x58), length, bytes]);
  },
  int: (value: number) => {
    const bytes = Buffer.alloc(5);
    bytes[0] = 0x4a;
    bytes.writeInt32LE(value, 1);
    return bytes;
  },
  global: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`),
};

export interface ZipOptions {
  /** Sizes and offsets as 64 bits, with a ZIP64 directory. */
  readonly wide?: boolean;
  /** Compression method that the directory claims. */
  readonly method?: number;
}

/** A ZIP archive of stored files, as torch.save makes it. */
export function zipOf(
  files: Readonly<Record<string, Uint8Array>>,
  { wide = false, method = 0 }: ZipOptions = {},
): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, data] of Object.entries(files)) {
    const nameBytes = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x0403_4b50);
    local.writeUInt16LE(nameBytes.length, 26);
    const extra = Buffer.alloc(wide ? 28 : 0);
    if (wide) {
      extra.writeUInt16LE(1);
      extra.writeUInt16LE(24, 2);
      for (const [i, value] of [data.length, data.length, offset].entries()) {
        extra.writeBigUInt64LE(BigInt(value), 4 + 8 * i);
      }
    }
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x0201_4b50);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc32(data), 16);
    entry.writeUInt32LE(wide ? 0xffff_ffff : data.length, 20);
    entry.writeUInt32LE(wide ? 0xffff_ffff : data.length, 24);
    entry.writeUInt16LE(nameBytes.length, 28);
    entry.writeUInt16LE(extra.length, 30);
    entry.writeUInt32LE(wide ? 0xffff_ffff : offset, 42);
    parts.push(local, nameBytes, data);
    directory.push(entry, nameBytes, extra);
    offset += 30 + nameBytes.length + data.length;
  }
  const listing = Buffer.concat(directory);
  const count = Object.keys(files).length;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x0605_4b50);
  end.writeUInt16LE(wide ? 0xffff : count, 10);
  end.writeUInt32LE(wide ? 0xffff_ffff : listing.length, 12);
  end.writeUInt32LE(wide ? 0xffff_ffff : offset, 16);
  if (!wide) return Buffer.concat([...parts, listing, end]);
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x0606_4b50);
  for (const [i, value] of [count, listing.length, offset].entries()) {
    end64.writeBigUInt64LE(BigInt(value), 32 + 8 * i);
  }
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x0706_4b50);
  locator.writeBigUInt64LE(BigInt(offset + listing.length), 8);
  return Buffer.concat([...parts, listing, end64, locator, end]);
}
