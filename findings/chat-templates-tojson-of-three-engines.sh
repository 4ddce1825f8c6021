#!/bin/sh
# `tojson` in a chat template: Jinja2 3.1.6 and minijinja 3.1.0 write other tool definitions than transformers.
#
# Templates of models with tools hold `{{ tool | tojson }}`, and models were trained on what transformers renders, whose
# own filter is json.dumps(tool, ensure_ascii=False). The filter of Jinja2 itself sorts the keys and writes ' < > & and
# all that is not ASCII as escapes, for HTML; minijinja, Jinja in Rust, keeps order and letters but escapes the four
# signs, with auto-escaping off too; @huggingface/jinja 0.5.11 for JavaScript differs in numbers alone (1.0 is 1).
# Nothing is raised: the model reads "files\u0027" in other tokens than it knows, and what is cached for the prompt of one
# engine does not fit that of another. Override the filter, as transformers does.
#
# Prints what each of them makes of one tool.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @huggingface/jinja@0.5.11 >/dev/null
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install jinja2==3.1.6 minijinja==3.1.0
cat > tool.json <<'EOF'
{"name": "find", "description": "files' <names> & größe", "default": 1.0}
EOF
cat > run.py <<'EOF'
import json

import jinja2
import minijinja

tool = json.load(open("tool.json", encoding="utf-8"))
template = "{{ tool | tojson }}"
print("transformers:      ", json.dumps(tool, ensure_ascii=False))
print("jinja2:            ", jinja2.Environment().from_string(template).render(tool=tool))
plain = minijinja.Environment(auto_escape_callback=lambda name: False)
print("minijinja:         ", plain.render_str(template, tool=tool))
EOF
cat > run.mjs <<'EOF'
import { readFileSync } from 'node:fs';
import { Template } from '@huggingface/jinja';

const tool = JSON.parse(readFileSync('tool.json', 'utf8'));
console.log(`@huggingface/jinja: ${new Template('{{ tool | tojson }}').render({ tool })}`);
EOF
{
  venv/bin/python run.py
  node run.mjs
} | tee got.txt
cat > expected.txt <<'EOF'
transformers:       {"name": "find", "description": "files' <names> & größe", "default": 1.0}
jinja2:             {"default": 1.0, "description": "files\u0027 \u003cnames\u003e \u0026 gr\u00f6\u00dfe", "name": "find"}
minijinja:          {"name": "find", "description": "files\u0027 \u003cnames\u003e \u0026 größe", "default": 1.0}
@huggingface/jinja: {"name": "find", "description": "files' <names> & größe", "default": 1}
EOF
diff expected.txt got.txt
