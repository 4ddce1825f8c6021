#!/bin/sh
# @huggingface/tokenizers 0.2.0 for JavaScript beside tokenizers 0.23.3 (Rust): the same tokenizer.json, other pieces.
#
# Of the behaviours of `Split` the JavaScript side has "Isolated", and "Removed" for regular expressions. "Removed" with
# a plain string keeps what is to be removed, "MergedWithPrevious", "MergedWithNext" and "Contiguous" are done as
# "Isolated", and with `invert` whatever lies between the matches is lost from the text. `Punctuation` has the same
# faults, and `Whitespace` takes \w for ASCII, so that it cuts words at letters with accents. Nothing is raised, and
# most texts still give ids, only other ones than those that the model was trained with. transformers.js uses this
# package. Whoever reads tokenizer.json in JavaScript must look at these fields.
#
# Prints the pieces that both make, where they differ.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund @huggingface/tokenizers@0.2.0 >/dev/null
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install tokenizers==0.23.3
cat > run.py <<'EOF'
import json

from tokenizers import Regex, Tokenizer, models
from tokenizers import pre_tokenizers as pre

TEXT = "key = value;  naïve, café"
CASES = {
    "Split string, isolated": pre.Split(" ", "isolated"),
    "Split string, removed": pre.Split(" ", "removed"),
    "Split string, merged_with_previous": pre.Split(" ", "merged_with_previous"),
    "Split regex, removed": pre.Split(Regex("[;,]"), "removed"),
    "Split regex, merged_with_next": pre.Split(Regex(" "), "merged_with_next"),
    "Split regex, contiguous": pre.Split(Regex(" "), "contiguous"),
    "Split regex, isolated, invert": pre.Split(Regex("[a-z]+"), "isolated", invert=True),
    "Split regex, removed, invert": pre.Split(Regex("[a-z]+"), "removed", invert=True),
    "Punctuation, removed": pre.Punctuation("removed"),
    "Punctuation, merged_with_next": pre.Punctuation("merged_with_next"),
    "Whitespace": pre.Whitespace(),
    "WhitespaceSplit": pre.WhitespaceSplit(),
}
told = []
for name, part in CASES.items():
    tokenizer = Tokenizer(models.BPE(vocab={"a": 0}, merges=[]))
    tokenizer.pre_tokenizer = part
    pieces = [piece for piece, _ in part.pre_tokenize_str(TEXT)]
    told.append({"name": name, "json": json.loads(tokenizer.to_str()), "pieces": pieces})
print(json.dumps({"text": TEXT, "cases": told}))
EOF
venv/bin/python run.py > cases.json
cat > run.mjs <<'EOF'
import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';

const { text, cases } = JSON.parse(readFileSync('cases.json', 'utf8'));
const shown = (pieces) => pieces.map((piece) => `[${piece}]`).join('');
for (const { name, json, pieces } of cases) {
  const own = new Tokenizer(json, {}).pre_tokenizer(text, {});
  if (shown(own) === shown(pieces)) console.log(`${name}: alike`);
  else console.log(`${name}\n  Rust ${shown(pieces)}\n  JS   ${shown(own)}`);
}
EOF
node run.mjs | tee got.txt
cat > expected.txt <<'EOF'
Split string, isolated: alike
Split string, removed
  Rust [key][=][value;][naïve,][café]
  JS   [key][ ][=][ ][value;][ ][ ][naïve,][ ][café]
Split string, merged_with_previous
  Rust [key ][= ][value; ][ ][naïve, ][café]
  JS   [key][ ][=][ ][value;][ ][ ][naïve,][ ][café]
Split regex, removed: alike
Split regex, merged_with_next
  Rust [key][ =][ value;][ ][ naïve,][ café]
  JS   [key][ ][=][ ][value;][ ][ ][naïve,][ ][café]
Split regex, contiguous
  Rust [key][ ][=][ ][value;][  ][naïve,][ ][café]
  JS   [key][ ][=][ ][value;][ ][ ][naïve,][ ][café]
Split regex, isolated, invert
  Rust [key][ = ][value][;  ][na][ï][ve][, ][caf][é]
  JS   [key][value][na][ve][caf]
Split regex, removed, invert: alike
Punctuation, removed
  Rust [key ][ value][  naïve][ café]
  JS   [key ][=][ value][;][  naïve][,][ café]
Punctuation, merged_with_next
  Rust [key ][= value][;  naïve][, café]
  JS   [key ][=][ value][;][  naïve][,][ café]
Whitespace
  Rust [key][=][value][;][naïve][,][café]
  JS   [key][=][value][;][na][ï][ve][,][caf][é]
WhitespaceSplit: alike
EOF
diff expected.txt got.txt
