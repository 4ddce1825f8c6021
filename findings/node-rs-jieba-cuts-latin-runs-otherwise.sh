#!/bin/sh
# @node-rs/jieba 2.0.3 (jieba-rs) beside Python's jieba 0.42.1: Chinese is cut alike, runs of Latin letters and digits are not.
#
# jieba-rs keeps letters, a hyphen and digits together and parts digits from the letter behind them; Python's jieba parts
# at every hyphen, keeps `7B` and takes `3.5` as one. Scores of mixed text, such as F1 over jieba's words, differ by it.
# Merging neighbouring pieces without Chinese, but for words of the dictionary such as `C++`, and cutting them by Python's
# pattern gives its words.
#
# Prints, per text, the words of both:
#   GPT-3.5-Turbo-16k
#     node:   GPT-3 . 5 - Turbo-16 k
#     python: GPT - 3.5 - Turbo - 16k
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @node-rs/jieba@2.0.3 >/dev/null
python3 -m venv venv
venv/bin/pip --quiet install jieba==0.42.1
cat > texts.json <<'EOF'
["GPT-3.5-Turbo-16k", "在5k-15k之间", "北京是中国的首都，人工智能新到一批。"]
EOF
cat > run.mjs <<'EOF'
import { readFileSync } from 'node:fs';
import { Jieba } from '@node-rs/jieba';
import { dict } from '@node-rs/jieba/dict.js';

const jieba = Jieba.withDict(dict);
const texts = JSON.parse(readFileSync('texts.json', 'utf8'));
console.log(JSON.stringify(texts.map((text) => jieba.cut(text, true))));
EOF
cat > run.py <<'EOF'
import json, logging, jieba
jieba.setLogLevel(logging.ERROR)
print(json.dumps([list(jieba.cut(text)) for text in json.load(open("texts.json", encoding="utf-8"))]))
EOF
node run.mjs > node.json
venv/bin/python run.py > python.json
cat > compare.mjs <<'EOF'
import { readFileSync } from 'node:fs';

const [texts, node, python] = ['texts', 'node', 'python'].map((name) => JSON.parse(readFileSync(`${name}.json`, 'utf8')));
for (const [i, text] of texts.entries()) {
  console.log(`${text}\n  node:   ${node[i].join(' ')}\n  python: ${python[i].join(' ')}`);
}
const differ = texts.map((_, i) => node[i].join(' ') !== python[i].join(' '));
if (differ.join() !== 'true,true,false') throw new Error(`changed: ${differ}`);
EOF
node compare.mjs
