#!/bin/sh
# @mlc-ai/web-xgrammar 0.1.27, the build of XGrammar for the web, cannot be imported by Node as the module that it says it is.
#
# Its package.json has "type": "module", and lib/index.js calls `require('url')` at its top where there is no `document`:
# Node (20.20 here) has no `require` in such a file.
#
# Prints:
#   ReferenceError: require is not defined in ES module scope, you can use import instead
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @mlc-ai/web-xgrammar@0.1.27 >/dev/null
cat > run.mjs <<'EOF'
const told = await import('@mlc-ai/web-xgrammar').then(
  () => 'loads',
  (error) => `${error.name}: ${error.message.split('\n')[0]}`,
);
console.log(told);
EOF
node run.mjs | tee told
grep -q '^ReferenceError: require is not defined' told
