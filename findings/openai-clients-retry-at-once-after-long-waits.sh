#!/bin/sh
# openai 7.59.0 and ai 7.0.173 (@ai-sdk/openai-compatible 3.0.92): a Retry-After of a minute or more makes them come back at once.
#
# Both honour `Retry-After: 3`. Of more than 60 seconds (ai: of 60 already), as a number or as retry-after-ms, they take no
# notice and use their own waits, half a second and two seconds: a server that is busy for long and says so is asked
# again sooner than one that says 3, and twice, before the caller hears of it. `x-should-retry: false` stops openai
# alone. Both also ask again after 501, which will not change. A busy server names less than a minute.
#
# Prints how long after a first answer of 503 the second request comes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund openai@7.59.0 ai@7.0.173 @ai-sdk/openai-compatible@3.0.92 zod@4.6.7 >/dev/null
cat > run.mjs <<'EOF'
import { createServer } from 'node:http';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText } from 'ai';
import OpenAI from 'openai';

const answer = {
  ...{ id: 'a', object: 'chat.completion', created: 1, model: 'm' },
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'yes' } }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};
let first = { status: 503, headers: {} };
let times = [];
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    times.push(performance.now());
    const { status, headers } = times.length === 1 ? first : { status: 200, headers: {} };
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(status === 200 ? answer : { error: { message: 'busy', type: 'busy', code: null } }));
  });
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const baseURL = `http://127.0.0.1:${server.address().port}/v1`;
const openai = new OpenAI({ baseURL, apiKey: 'none' });
const model = createOpenAICompatible({ name: 'own', baseURL, apiKey: 'none' })('m');
const clients = {
  openai: () => openai.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'a' }] }),
  ai: () => generateText({ model, prompt: 'a' }),
};
for (const [name, call] of Object.entries(clients)) {
  for (const [status, headers] of [
    [503, { 'retry-after': '3' }],
    [503, { 'retry-after': '59' }],
    [503, { 'retry-after': '60' }],
    [429, { 'retry-after': '120' }],
    [503, { 'retry-after-ms': '120000' }],
    [503, { 'x-should-retry': 'false' }],
    [501, {}],
  ]) {
    [first, times] = [{ status, headers }, []];
    const late = new Promise((resolve) => setTimeout(resolve, 5000));
    await Promise.race([call().catch(() => {}), late]);
    const seconds = times.length > 1 ? (times[1] - times[0]) / 1000 : null;
    const said = seconds === null ? 'not within 5 s' : seconds < 2.95 ? 'at once (within 2.95 s)' : 'after about 3 s';
    console.log(`${name}: ${status} ${JSON.stringify(headers)}: ${said}`);
  }
}
process.exit();
EOF
node run.mjs | tee got.txt
cat > expected.txt <<'EOF'
openai: 503 {"retry-after":"3"}: after about 3 s
openai: 503 {"retry-after":"59"}: not within 5 s
openai: 503 {"retry-after":"60"}: not within 5 s
openai: 429 {"retry-after":"120"}: at once (within 2.95 s)
openai: 503 {"retry-after-ms":"120000"}: at once (within 2.95 s)
openai: 503 {"x-should-retry":"false"}: not within 5 s
openai: 501 {}: at once (within 2.95 s)
ai: 503 {"retry-after":"3"}: after about 3 s
ai: 503 {"retry-after":"59"}: not within 5 s
ai: 503 {"retry-after":"60"}: at once (within 2.95 s)
ai: 429 {"retry-after":"120"}: at once (within 2.95 s)
ai: 503 {"retry-after-ms":"120000"}: at once (within 2.95 s)
ai: 503 {"x-should-retry":"false"}: at once (within 2.95 s)
ai: 501 {}: at once (within 2.95 s)
EOF
diff expected.txt got.txt
