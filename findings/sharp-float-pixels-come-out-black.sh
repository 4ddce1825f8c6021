#!/bin/sh
# sharp 0.35.5, Node 20: pixels given as Float32Array come out black, and `raw({ depth: 'float' })` gives whole numbers.
#
# sharp takes Float32Array and Float64Array as raw pixels, and floats can be asked for, so one expects to hand it images
# of 0 to 1 or 0 to 255 and to let `linear` normalise for a model. Colour images of floats are taken as 16-bit ones, 0 to
# 65535, and rounded to 8 bits even when floats are asked for: everything up to 255 is 0. Bytes through linear(1 / 255)
# or linear(1, -100) with depth 'float' have been cut to 0 to 255 and to whole numbers before. Nothing is raised. So
# resizing floats, and normalising in sharp, must be left: bytes in, bytes out, and the arithmetic in JavaScript.
#
# Prints what comes out for a pixel of each kind.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund sharp@0.35.5 >/dev/null
cat > run.mjs <<'EOF'
import sharp from 'sharp';

const pixel = (data) => sharp(data, { raw: { width: 1, height: 1, channels: 3 } });
async function shown(image, options) {
  const { data, info } = await image.raw(options).toBuffer({ resolveWithObject: true });
  const bytes = Uint8Array.from(data);
  const numbers = info.depth === 'float' ? new Float32Array(bytes.buffer) : bytes;
  return `${info.depth} ${Array.from(numbers, (n) => +n.toFixed(3)).join(' ')}`;
}
const float = { depth: 'float' };
for (const largest of [1, 255, 65535]) {
  const numbers = Float32Array.of(0.2, 0.5, 1).map((n) => n * largest);
  console.log(`floats of 0 to ${largest}: ${await shown(pixel(numbers))}, ${await shown(pixel(numbers), float)}`);
}
const bytes = Uint8Array.of(51, 128, 255);
console.log(`bytes: ${await shown(pixel(bytes))}, ${await shown(pixel(bytes), float)}`);
console.log(`bytes, linear(1 / 255): ${await shown(pixel(bytes).linear(1 / 255, 0), float)}`);
console.log(`bytes, linear(1, -100): ${await shown(pixel(bytes).linear(1, -100), float)}`);
console.log(`bytes, linear(2, 0): ${await shown(pixel(bytes).linear(2, 0), float)}`);
EOF
node run.mjs | tee got.txt
cat > expected.txt <<'EOF'
floats of 0 to 1: uchar 0 0 0, float 0 0 0
floats of 0 to 255: uchar 0 0 0, float 0 0 0
floats of 0 to 65535: uchar 51 127 255, float 51 127 255
bytes: uchar 51 128 255, float 51 128 255
bytes, linear(1 / 255): float 0 0 1
bytes, linear(1, -100): float 0 28 155
bytes, linear(2, 0): float 102 255 255
EOF
diff expected.txt got.txt
