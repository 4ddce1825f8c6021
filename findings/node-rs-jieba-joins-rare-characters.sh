#!/bin/sh
# @node-rs/jieba 2.0.3 (jieba-rs) beside Python's jieba 0.42.1: rare Chinese characters hang together.
#
# Python's jieba looks up U+4E00 to U+9FD5 alone and lets every other character stand by itself, those of extension A and
# from U+9FD6 on too. jieba-rs takes them for Chinese and joins neighbours to words that no dictionary has, so that F1 and
# ROUGE over words count otherwise. Parting the text by Python's pattern first, and giving jieba-rs what it matches, gives
# Python's words.
#
# Prints, per text, the words of both:
#   㐂㐂屋
#     node:   㐂㐂 屋
#     python: 㐂 㐂 屋
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @node-rs/jieba@2.0.3 >/dev/null
python3 -m venv venv
venv/bin/pip --quiet install jieba==0.42.1
cat > texts.json <<'EOF'
["㐂㐂屋", "鿿鿿屋", "𠮷野家"]
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
