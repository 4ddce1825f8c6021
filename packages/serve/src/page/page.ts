import { createHash } from 'node:crypto';

const style = `
:root { color-scheme: light dark; --line: #8884; --bar: #3b82c4; font: 15px/1.45 system-ui, sans-serif }
body { margin: 0; display: grid; grid-template: auto 1fr auto / 1fr 19rem; height: 100vh }
header { grid-column: 1 / 3; padding: .5rem 1rem; border-bottom: 1px solid var(--line); display: flex; gap: 1rem; align-items: baseline; flex-wrap: wrap }
h1 { font-size: 1rem; margin: 0 } h2 { font-size: .85rem; margin: 1rem 0 .3rem }
#log { overflow-y: auto; padding: 1rem }
.turn { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 .8rem; max-width: 46rem }
.user { border-left: 3px solid var(--bar); padding-left: .6rem }
.error { color: #c33 }
form { grid-column: 1; display: flex; gap: .5rem; padding: .6rem 1rem; border-top: 1px solid var(--line) }
textarea { flex: 1; font: inherit; padding: .4rem; resize: vertical }
aside { grid-row: 2 / 4; grid-column: 2; border-left: 1px solid var(--line); padding: 0 1rem 1rem; overflow-y: auto; font-size: .85rem }
.bar { height: .55rem; background: var(--line); border-radius: 3px; overflow: hidden; margin: .2rem 0 }
.bar i { display: block; height: 100%; background: var(--bar) }
#layers > div { display: grid; grid-template-columns: 2rem 1fr 3.4rem; gap: .4rem; align-items: center; line-height: 1.2 }
#layers span:last-child { text-align: right } input { font: inherit; width: 7.5rem }
::placeholder { color: inherit; opacity: .7 }
@media (max-width: 45rem) { body { grid-template: auto 1fr auto auto / 1fr } header, form { grid-column: 1 } aside { grid-row: 4; grid-column: 1; border: 0; max-height: 35vh } }
`;

const script = `
'use strict';
const get = (id) => document.getElementById(id);
const messages = [];
let abort = null;
let model = '';
const headers = () => {
  const key = get('key').value;
  return { 'content-type': 'application/json', ...(key && { authorization: 'Bearer ' + key }) };
};
const sizeOf = (bytes) => bytes < 1e6 ? (bytes / 1e3).toFixed(1) + ' kB' : (bytes / 1e6).toFixed(1) + ' MB';
function add(kind, text) {
  const turn = document.createElement('p');
  turn.className = 'turn ' + kind;
  turn.textContent = text;
  get('log').append(turn);
  get('log').scrollTop = get('log').scrollHeight;
  return turn;
}
async function ask(path) {
  const response = await fetch(path, { headers: headers() });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error.message);
  return body;
}
async function showMemory() {
  try {
    if (!model) model = (await ask('/v1/models')).data[0].id;
    get('model').textContent = model;
    const { data, memory } = await ask('/v1/conversations');
    get('bytes').textContent = sizeOf(memory.bytes) + ' of ' + sizeOf(memory.limit);
    get('used').style.width = Math.min(100, 100 * memory.bytes / memory.limit) + '%';
    const saved = data.filter((each) => each.is_saved).length;
    get('stored').textContent = data.length + ' kept, ' + saved + ' on the disk; ' + memory.active + ' answered now, ' + memory.waiting + ' waiting';
  } catch (error) {
    get('bytes').textContent = error.message;
  }
}
function showUsage({ prompt_tokens, completion_tokens, kv }, seconds) {
  const rate = seconds > 0 ? (completion_tokens / seconds).toFixed(1) + ' tokens/s' : '';
  get('last').textContent = kv.tokens_held + ' of ' + kv.tokens_seen + ' tokens held, ' + sizeOf(kv.bytes) +
    '; ' + kv.prefix_reused + ' of ' + prompt_tokens + ' prompt tokens were read before. ' + rate;
  get('layers').replaceChildren(...kv.held_per_layer.map((held, layer) => {
    const row = document.createElement('div');
    const share = kv.tokens_seen ? held / kv.tokens_seen : 0;
    const name = document.createElement('span');
    name.textContent = layer;
    const bar = document.createElement('div');
    bar.className = 'bar';
    const fill = document.createElement('i');
    fill.style.width = 100 * share + '%';
    bar.append(fill);
    const number = document.createElement('span');
    number.textContent = (100 * share).toFixed(0) + ' %';
    row.append(name, bar, number);
    return row;
  }));
}
async function send(text) {
  messages.push({ role: 'user', content: text });
  add('user', text);
  const turn = add('assistant', '');
  abort = new AbortController();
  get('stop').disabled = false;
  get('send').disabled = true;
  const timer = setInterval(showMemory, 700);
  let answer = '';
  let first = 0;
  try {
    const budget = get('budget').value.trim();
    const response = await fetch('/v1/chat/completions', {
      method: 'POST',
      headers: headers(),
      signal: abort.signal,
      body: JSON.stringify({
        messages, stream: true, stream_options: { include_usage: true },
        ...(budget && { kv_budget: /^[0-9]+$/.test(budget) ? Number(budget) : budget }),
      }),
    });
    if (!response.ok) throw new Error((await response.json()).error.message);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split('\\n');
      rest = lines.pop();
      for (const line of lines) {
        if (!line.startsWith('data: {')) continue;
        const event = JSON.parse(line.slice(6));
        if (event.error) throw new Error(event.error.message);
        const piece = event.choices[0]?.delta.content;
        if (piece) {
          first ||= performance.now();
          answer += piece;
          turn.textContent = answer;
          get('log').scrollTop = get('log').scrollHeight;
        }
        if (event.usage) showUsage(event.usage, (performance.now() - first) / 1000);
      }
    }
  } catch (error) {
    if (error.name !== 'AbortError') add('error', error.message);
  } finally {
    clearInterval(timer);
    messages.push({ role: 'assistant', content: answer });
    abort = null;
    get('stop').disabled = true;
    get('send').disabled = false;
    await showMemory();
  }
}
get('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = get('text').value.trim();
  if (!text || abort) return;
  get('text').value = '';
  void send(text);
});
get('text').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey) return;
  event.preventDefault();
  get('ask').requestSubmit();
});
get('stop').addEventListener('click', () => abort?.abort());
get('fresh').addEventListener('click', () => {
  abort?.abort();
  messages.length = 0;
  get('log').replaceChildren();
  get('layers').replaceChildren();
  get('last').textContent = '';
});
get('key').addEventListener('change', showMemory);
void showMemory();
`;

const sourceOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** A page to chat on and to watch the memory; it asks for nothing outside of this server. */
export const page = {
  policy: `default-src 'none'; connect-src 'self'; img-src data:; style-src ${sourceOf(style)}; style-src-attr 'unsafe-inline'; script-src ${sourceOf(script)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  html: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Chat</title>
<link rel="icon" href="data:,">
<style>${style}</style>
<header><h1 id="model">…</h1>
<label>Budget <input id="budget" placeholder="512, 25%, 8MB"></label>
<label>API key <input id="key" type="password" autocomplete="off"></label>
<button id="fresh" type="button">New chat</button></header>
<main id="log" aria-live="polite"></main>
<form id="ask"><textarea id="text" rows="2" aria-label="Message" autofocus></textarea>
<button id="send">Send</button><button id="stop" type="button" disabled>Stop</button></form>
<aside><h2>Memory of all conversations</h2><div class="bar"><i id="used"></i></div><div id="bytes"></div>
<div id="stored"></div><h2>Last answer</h2><div id="last"></div><h2>Held per layer</h2><div id="layers"></div></aside>
<script>${script}</script>
</html>
`,
} as const;
