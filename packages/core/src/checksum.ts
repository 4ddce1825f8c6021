const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb8_8320 : remainder >>> 1;
  }
  return remainder;
});

/** CRC-32 (IEEE 802.3) of pieces of bytes, as eight hexadecimal digits. */
export function checksum(pieces: Iterable<Uint8Array>): string {
  let remainder = 0xffff_ffff;
  for (const piece of pieces) {
    for (let i = 0; i < piece.length; i++) {
      remainder = (remainder >>> 8) ^ table[(remainder ^ piece[i]!) & 0xff]!;
    }
  }
  return ((remainder ^ 0xffff_ffff) >>> 0).toString(16).padStart(8, '0');
}
