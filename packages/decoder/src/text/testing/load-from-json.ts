import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTokenizer, type Tokenizer } from '../tokenizer.js';

/** The tokenizer of a folder that holds this `tokenizer.json` and nothing else. */
export async function loadFromJson(file: object): Promise<Tokenizer> {
  const folder = mkdtempSync(join(tmpdir(), 'namm-tokenizer-'));
  try {
    writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(file));
    return await loadTokenizer(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
