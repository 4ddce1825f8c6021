#!/bin/sh
# @huggingface/transformers 4.3.2 for JavaScript, Node 20: "bilinear" and "bicubic" make images smaller as "nearest" does.
#
# Image processors say `resample` 2 or 3, which in Pillow, and so in transformers for Python, averages over all pixels
# that fall on a new one. In Node the same numbers choose an affine transform that interpolates at one point: an image
# that becomes a quarter as wide keeps one pixel of sixteen, and it is the upper left one of them, not one from the
# middle. Of stripes a pixel wide all are white or all are black, noise keeps its full spread, and small print is shredded
# before the model sees it. In a smooth picture nothing shows but a shift of half a new pixel, so it passes by eye. Nothing
# is said. Lanczos (1; Idefics, SmolVLM) averages as in Pillow. Who compares CLIP, SigLIP or LLaVA with Python's numbers
# should resize before the processor does.
#
# Prints, from 64 to 16 pixels in each direction: six pixels of stripes, the spread of noise of 0 to 255 (standard
# deviation of the input: 74), and what a processor for CLIP makes of the stripes (means over the image, 0 to 1).
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund @huggingface/transformers@4.3.2 >/dev/null
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install pillow==13.0.0 numpy==2.4.6
cat > run.py <<'EOF'
import numpy as np
from PIL import Image

SIZE = 64
images = {
    "stripes": np.tile(np.array([255, 0], np.uint8), (SIZE, SIZE // 2)),
    "noise": np.random.default_rng(1).integers(0, 256, (SIZE, SIZE), dtype=np.uint8),
}
for name, pixels in images.items():
    image = Image.fromarray(np.repeat(pixels[..., None], 3, 2))
    image.save(f"{name}.png")
    for resample, method in enumerate(["nearest", "lanczos", "bilinear", "bicubic"]):
        small = np.asarray(image.resize((16, 16), resample), float)[..., 0]
        shown = " ".join(f"{v:.0f}" for v in small[8, 4:10]) if name == "stripes" else f"spread {small.std():.0f}"
        print(f"Pillow {name}, {method}: {shown}")
EOF
cat > run.mjs <<'EOF'
import { CLIPImageProcessor, RawImage } from '@huggingface/transformers';

for (const name of ['stripes', 'noise']) {
  const image = await RawImage.read(`${name}.png`);
  for (const [resample, method] of ['nearest', 'lanczos', 'bilinear', 'bicubic'].entries()) {
    const small = await image.resize(16, 16, { resample });
    const red = Array.from({ length: 256 }, (_, i) => small.data[i * small.channels]);
    const mean = red.reduce((a, b) => a + b) / 256;
    const spread = Math.sqrt(red.reduce((a, b) => a + (b - mean) ** 2, 0) / 256);
    const shown = name === 'stripes' ? red.slice(8 * 16 + 4, 8 * 16 + 10).join(' ') : `spread ${spread.toFixed(0)}`;
    console.log(`transformers.js ${name}, ${method}: ${shown}`);
  }
}
const stripes = await RawImage.read('stripes.png');
for (const resample of [1, 3]) {
  const processor = new CLIPImageProcessor({
    ...{ do_resize: true, size: { shortest_edge: 16 }, resample, do_rescale: true, rescale_factor: 1 / 255 },
    ...{ do_normalize: false, do_center_crop: false, image_mean: [0, 0, 0], image_std: [1, 1, 1] },
  });
  const { pixel_values } = await processor(stripes);
  const mean = pixel_values.data.reduce((a, b) => a + b) / pixel_values.data.length;
  console.log(`processor, resample ${resample}: ${pixel_values.dims.join(' x ')}, mean ${mean.toFixed(2)}`);
}
EOF
{
  venv/bin/python run.py
  node run.mjs
} | tee got.txt
cat > expected.txt <<'EOF'
Pillow stripes, nearest: 255 255 255 255 255 255
Pillow stripes, lanczos: 128 128 128 128 128 128
Pillow stripes, bilinear: 128 128 128 128 128 128
Pillow stripes, bicubic: 128 128 128 128 128 128
Pillow noise, nearest: spread 71
Pillow noise, lanczos: spread 16
Pillow noise, bilinear: spread 13
Pillow noise, bicubic: spread 15
transformers.js stripes, nearest: 255 255 255 255 255 255
transformers.js stripes, lanczos: 128 128 128 128 128 128
transformers.js stripes, bilinear: 255 255 255 255 255 255
transformers.js stripes, bicubic: 255 255 255 255 255 255
transformers.js noise, nearest: spread 70
transformers.js noise, lanczos: spread 16
transformers.js noise, bilinear: spread 70
transformers.js noise, bicubic: spread 70
processor, resample 1: 1 x 3 x 16 x 16, mean 0.50
processor, resample 3: 1 x 3 x 16 x 16, mean 1.00
EOF
diff expected.txt got.txt
