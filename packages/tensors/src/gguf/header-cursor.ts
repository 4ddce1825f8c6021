/** Thrown when a header goes on behind the bytes that were read so far. */
export class HeaderEnds extends Error {}

/** No header of a real file comes near: the largest vocabularies take some 20 MB. */
export const longestHeader = 128_000_000;

/** Bytes of a text that is decoded here. */
const mostShort = 64;

/** Characters of the text that is being decoded. */
const codes = new Uint16Array(mostShort);

/** What is wrong with a header, without the file's name. */
export class HeaderProblem extends Error {}

/** Reads the numbers and strings of a header, in order; little-endian. */
export class HeaderCursor {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  /**
   * @param bytes the beginning of a file
   * @param size of the whole file
   */
  constructor(
    bytes: Uint8Array,
    readonly size: number,
  ) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8 = () => this.#view.getUint8(this.#skip(1));
  i8 = () => this.#view.getInt8(this.#skip(1));
  u16 = () => this.#view.getUint16(this.#skip(2), true);
  i16 = () => this.#view.getInt16(this.#skip(2), true);
  u32 = () => this.#view.getUint32(this.#skip(4), true);
  i32 = () => this.#view.getInt32(this.#skip(4), true);
  f32 = () => this.#view.getFloat32(this.#skip(4), true);
  f64 = () => this.#view.getFloat64(this.#skip(8), true);
  u64 = () => {
    const at = this.#skip(8);
    const high = this.#view.getUint32(at + 4, true);
    // Big integers are slow to make, and headers hold hundreds of thousands of lengths.
    if (high < 2 ** 21) return high * 2 ** 32 + this.#view.getUint32(at, true);
    return exact(this.#view.getBigUint64(at, true));
  };
  i64 = () => exact(this.#view.getBigInt64(this.#skip(8), true));

  /** True or false, of which nothing but 1 and 0 is. */
  bool(): boolean {
    const byte = this.u8();
    if (byte > 1) throw new HeaderProblem(`${byte} is neither true nor false`);
    return byte === 1;
  }

  /** The number of things that follow, at most `most`, of which each takes at least `bytes`. */
  count(bytes: number, what: string, most = longestHeader): number {
    const count = this.u64();
    if (count > most) throw new HeaderProblem(`says ${count} ${what}, more than the ${most} read`);
    if (count <= (this.size - this.at) / bytes) return Number(count);
    const problem = `says ${count} ${what}, for which its ${this.size} bytes are too few`;
    throw new HeaderProblem(`${problem}: it was cut off or is damaged; fetch it again`);
  }

  /** A text: its length, then UTF-8. */
  text(): string {
    const length = this.#length() ?? this.count(1, 'bytes of text');
    const start = this.#skip(length);
    const short = this.#shortText(start, start + length);
    if (short !== null) return short;
    try {
      return this.#decoder.decode(this.#bytes.subarray(start, start + length));
    } catch {
      throw new HeaderProblem('holds a text that is not valid UTF-8');
    }
  }

  /** Goes past a text without reading it. */
  skipText(): void {
    this.skip(this.#length() ?? this.count(1, 'bytes of text'));
  }

  /** Goes past so many bytes. */
  skip(bytes: number): void {
    this.#skip(bytes);
  }

  /** The length of a short text that is at hand; null for any other, where nothing is read. */
  #length(): number | null {
    const { at } = this;
    if (at + 8 + mostShort > this.#bytes.length) return null;
    const length = this.#view.getUint32(at, true);
    if (length > mostShort || this.#view.getUint32(at + 4, true) !== 0) return null;
    this.at = at + 8;
    return length;
  }

  /**
   * Tokens are short, and most often of characters that take one byte or two: for those the decoder takes several times
   * as long. Null for all others.
   */
  #shortText(start: number, end: number): string | null {
    if (end - start > mostShort) return null;
    let count = 0;
    for (let i = start; i < end; i++) {
      const byte = this.#bytes[i]!;
      if (byte < 0x80) codes[count++] = byte;
      else {
        const next = i + 1 < end ? this.#bytes[i + 1]! : 0;
        if (byte < 0xc2 || byte > 0xdf || next >> 6 !== 2) return null;
        codes[count++] = ((byte & 31) << 6) | (next & 63);
        i++;
      }
    }
    return String.fromCharCode.apply(null, codes.subarray(0, count) as unknown as number[]);
  }

  #skip(bytes: number): number {
    const start = this.at;
    if (start + bytes > this.size) throw new HeaderProblem('was cut off within its header');
    if (start + bytes > this.#bytes.length) throw new HeaderEnds();
    this.at = start + bytes;
    return start;
  }
}

/** A number where one holds it exactly. */
function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
