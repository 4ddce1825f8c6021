#!/bin/sh
# @huggingface/jinja 0.5.11 for JavaScript: what a loop's body sets is still set in its next turn, and other quiet differences.
#
# In Jinja every turn of a loop starts with the variables from outside, which is why templates need namespace(). Here the
# body of a loop has one scope for all turns: a flag that is set for one message is set for all that follow, a sum grows.
# Chat templates set such flags and contents within `if`s of their loop over messages, so that conversations of several
# turns come out otherwise than in transformers for Python, and those of one message alike.
#   - strip, lstrip and rstrip take no argument: lstrip('\n') behind </think> (Qwen3) also takes the indent of
#     the code with which an answer begins.
#   - Lists and mappings with the same contents are not equal, so `tools == []` is never true; an undefined name equals none.
#   - % has the sign of its left side, and capitalize leaves capitals within the word.
# Nothing is raised. transformers.js renders chats with this package.
#
# Prints what both make of each template, where the message roles are user, assistant, user.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @huggingface/jinja@0.5.11 >/dev/null
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install jinja2==3.1.6
cat > cases.json <<'EOF'
{
  "flag": "{% for m in messages %}{% if m == 'user' and loop.first %}{% set seen = 1 %}{% endif %}{{ 'seen ' if seen is defined else 'unseen ' }}{% endfor %}",
  "sum": "{% set n = 0 %}{% for m in messages %}{% set n = n + 1 %}{{ n }} {% endfor %}{{ n }}",
  "strip": "[{{ '</think>\\n\\n  return 1'.split('</think>')[-1].lstrip('\\n') }}] [{{ '--a--'.strip('-') }}]",
  "equal": "{{ 'same' if [] == [] else 'other' }} {{ 'same' if {'a': 1} == {'a': 1} else 'other' }} {{ 'none' if nowhere == none else 'not none' }}",
  "modulo": "{{ -1 % 3 }}",
  "capitalize": "{{ 'tOOL Call'|capitalize }}"
}
EOF
cat > run.py <<'EOF'
import json

from jinja2.sandbox import ImmutableSandboxedEnvironment

engine = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
for name, template in json.load(open("cases.json")).items():
    print(f"{name}: {engine.from_string(template).render(messages=['user', 'assistant', 'user'])}")
EOF
cat > run.mjs <<'EOF'
import { readFileSync } from 'node:fs';
import { Template } from '@huggingface/jinja';

for (const [name, template] of Object.entries(JSON.parse(readFileSync('cases.json', 'utf8')))) {
  console.log(`${name}: ${new Template(template).render({ messages: ['user', 'assistant', 'user'] })}`);
}
EOF
{
  echo "Jinja2"
  venv/bin/python run.py | sed 's/^/  /'
  echo "@huggingface/jinja"
  node run.mjs | sed 's/^/  /'
} | tee got.txt
cat > expected.txt <<'EOF'
Jinja2
  flag: seen unseen unseen 
  sum: 1 1 1 0
  strip: [  return 1] [a]
  equal: same same not none
  modulo: 2
  capitalize: Tool call
@huggingface/jinja
  flag: seen seen seen 
  sum: 1 2 3 0
  strip: [return 1] [--a--]
  equal: other other none
  modulo: -1
  capitalize: TOOL Call
EOF
diff expected.txt got.txt
