#!/bin/sh
# fuzzywuzzy 0.18.0: fuzz.ratio of the same two texts is 2 without python-Levenshtein installed and 66 with it.
#
# The package says only that it is slow without the other one ("Using slow pure-python SequenceMatcher"), so one expects
# the same numbers, later. But then it counts by difflib, which finds fewer matches than an edit distance does, and from
# 200 characters on also leaves out every character that makes up more than a hundredth of the second text: of code that
# is nearly all. LongBench's similarity of code (lcc, repobench-p) is this function, so its scores depend on what else is
# installed. rapidfuzz gives those of the edit distance. Say which of them was counted with.
#
# Prints fuzz.ratio of two lines of code, and of the same lines five times over, without and with the other package.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
pip='venv/bin/pip --quiet --disable-pip-version-check install'
$pip fuzzywuzzy==0.18.0 rapidfuzz==3.14.6
cat > run.py <<'EOF'
import sys
import warnings

warnings.simplefilter("ignore")
from fuzzywuzzy import fuzz
from rapidfuzz import fuzz as rapid

ONE = "for i in range(10): total += values[i] * weights[i]\n"
OTHER = "for index in range(len(values)): total += weights[index] * values[index]\n"
for times in (1, 5):
    a, b = ONE * times, OTHER * times
    print(f"{sys.argv[1]}: {len(a)} and {len(b)} characters {fuzz.ratio(a, b)}, rapidfuzz {rapid.ratio(a, b):.0f}")
EOF
{
  venv/bin/python run.py without
  $pip python-Levenshtein==0.27.5
  venv/bin/python run.py with
} | tee got.txt
cat > expected.txt <<'EOF'
without: 52 and 73 characters 61, rapidfuzz 66
without: 260 and 365 characters 2, rapidfuzz 66
with: 52 and 73 characters 66, rapidfuzz 66
with: 260 and 365 characters 66, rapidfuzz 66
EOF
diff expected.txt got.txt
