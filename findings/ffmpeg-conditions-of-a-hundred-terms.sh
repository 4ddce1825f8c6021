#!/bin/sh
# ffmpeg 9.0.2 (imageio-ffmpeg 0.8.1): a condition that picks a hundred frames by number "cannot allocate memory"
#
# Frames are picked by number with `select='eq(n,0)+eq(n,7)+…'`. Up to a limit of about a hundred terms that works; above
# it ffmpeg gives no frame, and its error speaks of memory, however small the film is: expressions may be so deep only,
# and a sum of many terms is as deep as it is long. The same terms as a sum of sums, or a range such as between(n,a,b),
# have no such limit.
#
# Prints how many of 300 frames come out for conditions of several lengths.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install imageio-ffmpeg==0.8.1
ffmpeg=$(venv/bin/python -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')
"$ffmpeg" -v error -f lavfi -i testsrc=size=16x16:rate=10:duration=30 -c:v ffv1 film.mkv
count() {
  name=$1
  : > out.txt
  "$ffmpeg" -y -v error -i film.mkv -vf "select='$2'" -fps_mode passthrough -f framecrc out.txt 2> error.txt || true
  echo "$name: $(grep -vc '^#' out.txt || true)$(grep -q 'Cannot allocate memory' error.txt && echo ', Cannot allocate memory')"
  rm -f out.txt
}
sum() { seq "$1" "$2" | sed 's/.*/eq(n,&)/' | paste -sd+; }
{
  count '99 terms' "$(sum 0 98)"
  count '120 terms' "$(sum 0 119)"
  count '120 terms, two sums' "($(sum 0 59))+($(sum 60 119))"
  count 'range of 120' 'between(n,0,119)'
} | tee got.txt
cat > expected.txt <<'EOF'
99 terms: 99
120 terms: 0, Cannot allocate memory
120 terms, two sums: 120
range of 120: 120
EOF
diff expected.txt got.txt
