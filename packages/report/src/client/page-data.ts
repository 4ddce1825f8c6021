/** What the library wrote into the page for its script. */
export function pageData<Data>(): Data {
  return JSON.parse(document.getElementById('data')!.textContent!);
}

/** Bytes that were compressed with deflate and written in base64. */
export async function unpack(packed: string): Promise<ArrayBuffer> {
  const compressed = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Response(stream).arrayBuffer();
}
