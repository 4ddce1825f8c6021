/** The index of the quote that ends the string whose opening quote is at `start`. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i;
}

/**
 * The first key that an object of a JSON text holds twice, or null. `JSON.parse` silently keeps the
 * last one, so that two readers of one file could see different tensors.
 *
 * @param text valid JSON
 */
export function findDuplicateKey(text: string): string | null {
  const keysOfOpenObjects: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{') keysOfOpenObjects.push(new Set());
    else if (character === '}') keysOfOpenObjects.pop();
    else if (character === '"') {
      const start = i;
      i = endOfString(text, start);
      let next = i + 1;
      while (' \t\r\n'.includes(text[next] ?? '"')) next++;
      if (text[next] !== ':') continue; // a value, not a key
      const key: string = JSON.parse(text.slice(start, i + 1));
      const keys = keysOfOpenObjects.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return null;
}
