#!/bin/sh
# ffmpeg 9.0.2 (imageio-ffmpeg 0.8.1): `-vf fps=1` does not give the frames at seconds 0, 1, 2 …
#
# The filter rounds each frame's time to the nearest second and keeps the last that fell on it: of ten frames a second
# it takes frames 4, 14, 24 …, .4 s after the time that the output says; with round=down (or zero) frames 9, 19 …, and
# only round=up, which one would avoid, gives frames 0, 10, 20 … The output option `-r 1` gives twelve frames for ten
# seconds: 0, 1, 8, 18 … Models for video are trained on frames that were picked by index (LLaVA, SmolVLM, decord,
# OpenCV), so with fps=1 each frame is nearly half a second late against its timestamp, and a count is off by two with -r.
# The filter select with -fps_mode passthrough picks frames by time or number.
#
# Prints the numbers of the frames that come out of a film of 100 frames, 10 a second, whose brightness is their number.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install imageio-ffmpeg==0.8.1
ffmpeg=$(venv/bin/python -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')
"$ffmpeg" -v error -f lavfi -i "nullsrc=s=16x16:r=10:d=10,geq=lum='N*2+10':cb=128:cr=128" \
  -c:v libx264 -qp 0 -pix_fmt yuv420p film.mp4
frames() {
  name=$1
  shift
  "$ffmpeg" -v error -i film.mp4 "$@" -f rawvideo luma
  echo "$name: $(od -An -tu1 -w256 -v luma | awk '{ printf "%s%d", (NR > 1 ? " " : ""), ($1 - 10) / 2 }')"
  rm luma
}
y=extractplanes=y
{
  frames 'fps=1' -vf "fps=1,$y"
  frames 'fps=1:round=down' -vf "fps=1:round=down,$y"
  frames 'fps=1:round=zero' -vf "fps=1:round=zero,$y"
  frames 'fps=1:round=up' -vf "fps=1:round=up,$y"
  frames 'fps=2' -vf "fps=2,$y"
  frames '-r 1' -vf "$y" -r 1
  frames 'select' -vf "select='not(mod(n,10))',$y" -fps_mode passthrough
} | tee got.txt
cat > expected.txt <<'EOF'
fps=1: 4 14 24 34 44 54 64 74 84 94
fps=1:round=down: 9 19 29 39 49 59 69 79 89 99
fps=1:round=zero: 9 19 29 39 49 59 69 79 89 99
fps=1:round=up: 0 10 20 30 40 50 60 70 80 90
fps=2: 2 7 12 17 22 27 32 37 42 47 52 57 62 67 72 77 82 87 92 97
-r 1: 0 1 8 18 28 38 48 58 68 78 88 98
select: 0 10 20 30 40 50 60 70 80 90
EOF
diff expected.txt got.txt
