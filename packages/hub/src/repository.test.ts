import { expect, it } from 'vitest';
import { hubWith } from './hub.js';
import { fileUrl, isModelId } from './repository.js';

it.each(['gpt2', 'HuggingFaceTB/SmolLM2-135M-Instruct', 'a/b.c_d', 'models/mine'])(
  '%s is an id',
  (id) => {
    expect(isModelId(id)).toBe(true);
  },
);

it.each([
  './models/mine',
  '/models/mine',
  'a/b/c',
  '../x',
  'a--b',
  'x.git',
  'x/y.ipynb',
  'C:\\x',
  '',
])('%j is none', (text) => {
  expect(isModelId(text)).toBe(false);
});

it('finds files where transformers.js finds them', () => {
  const hub = hubWith({ host: 'https://huggingface.co/' });
  const model = { hub, id: 'org/name', revision: 'main', subfolder: '' };
  expect(fileUrl(model, 'config.json')).toBe(
    'https://huggingface.co/org/name/resolve/main/config.json',
  );
  expect(fileUrl({ ...model, revision: 'refs/pr/1', subfolder: 'a/b' }, 'c')).toBe(
    'https://huggingface.co/org/name/resolve/refs%2Fpr%2F1/a/b/c',
  );
  const mirror = hubWith({
    host: 'https://mirror.example/models',
    pathTemplate: '/{model}/{revision}',
  });
  expect(fileUrl({ ...model, hub: mirror }, 'c')).toBe(
    'https://mirror.example/models/org/name/main/c',
  );
});
