#!/bin/sh
# @huggingface/tokenizers 0.2.0 for JavaScript beside tokenizers 0.23.3 (Rust): models and SentencePiece's maps of characters.
#
# The same tokenizer.json gives other ids, and nothing is raised:
#   - `Precompiled`: the map in the file is not read; the text is normalised by NFKC, whatever the map says. A model
#     whose map lowers letters (nfkc_cf) gets its capitals, which it has no pieces for.
#   - BPE without an unknown token: Rust leaves unknown characters out before it merges, so that what stands around
#     them merges; JavaScript leaves them out after it.
#   - BPE with `continuing_subword_prefix`: the prefix is not put before the characters of a word.
#   - WordPiece: added tokens count as pieces of words.
# transformers.js uses this package. Whoever checks a tokenizer by its template and a few English sentences sees none
# of this.
#
# Prints the tokens that both make.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund @huggingface/tokenizers@0.2.0 >/dev/null
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install tokenizers==0.23.3 sentencepiece==0.2.3 protobuf==7.36.2
cat > run.py <<'EOF'
import json

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

with open("corpus.txt", "w") as file:
    file.write("hello world\nthe cat sat on the mat\n" * 20)
sentencepiece.SentencePieceTrainer.train(
    input="corpus.txt", model_prefix="m", vocab_size=40, hard_vocab_limit=False,
    normalization_rule_name="nfkc_cf", minloglevel=2,
)
trained = sentencepiece_model_pb2.ModelProto()
trained.ParseFromString(open("m.model", "rb").read())
mapped = Tokenizer(models.Unigram([("<unk>", 0.0), ("the", -1.0), (" cat", -2.0)], 0, False))
mapped.normalizer = normalizers.Precompiled(trained.normalizer_spec.precompiled_charsmap)

leaving_out = Tokenizer(models.BPE(vocab={"a": 0, "b": 1, "ab": 2}, merges=[("a", "b")]))
prefixed = Tokenizer(
    models.BPE(
        vocab={"a": 0, "##b": 1, "ab": 2, "b": 3}, merges=[("a", "##b")], continuing_subword_prefix="##"
    )
)
pieces = Tokenizer(models.WordPiece(vocab={"[UNK]": 0, "a": 1, "##b": 2, "##c": 3}, unk_token="[UNK]"))
pieces.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
pieces.add_tokens([AddedToken("##bc", single_word=True)])

told = []
for name, tokenizer, text in [
    ("Precompiled", mapped, "THE Cat"),
    ("BPE, unknown left out", leaving_out, "a?b"),
    ("BPE, prefix", prefixed, "ab"),
    ("WordPiece beside an added token", pieces, "abc"),
]:
    told.append({"name": name, "json": json.loads(tokenizer.to_str()), "text": text, "ids": tokenizer.encode(text).ids})
print(json.dumps(told))
EOF
venv/bin/python run.py > cases.json
cat > run.mjs <<'EOF'
import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';

for (const { name, json, text, ids } of JSON.parse(readFileSync('cases.json', 'utf8'))) {
  const own = new Tokenizer(json, {}).encode(text).ids;
  console.log(`${name}, ${JSON.stringify(text)}: Rust ${ids.join(' ')}, JavaScript ${own.join(' ')}`);
}
EOF
node run.mjs | tee got.txt
cat > expected.txt <<'EOF'
Precompiled, "THE Cat": Rust 1 2, JavaScript 0
BPE, unknown left out, "a?b": Rust 2, JavaScript 0 1
BPE, prefix, "ab": Rust 2, JavaScript 0 3
WordPiece beside an added token, "abc": Rust 1 2 3, JavaScript 1 4
EOF
diff expected.txt got.txt
