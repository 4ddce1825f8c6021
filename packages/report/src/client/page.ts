// What the scripts need of the page that they are in.
import type { PageNode } from '../element.js';

const svg = 'http://www.w3.org/2000/svg';

/** What the library wrote into the page for its script. */
export function pageData<Data>(): Data {
  return JSON.parse(document.getElementById('data')!.textContent!);
}

/** The element that the library wrote with this id. */
export function find<Type extends Element>(id: string, type: new () => Type): Type {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`the page has no ${type.name} #${id}`);
}

/** Makes live elements. Text becomes text nodes, so nothing in it is parsed. */
export function toDom(node: PageNode, inSvg = false): Node {
  if (typeof node === 'string') return document.createTextNode(node);
  const isSvg = inSvg || node.tag === 'svg';
  const made = isSvg ? document.createElementNS(svg, node.tag) : document.createElement(node.tag);
  for (const [name, value] of Object.entries(node.attributes))
    made.setAttribute(name, String(value));
  made.append(...node.children.map((child) => toDom(child, isSvg)));
  return made;
}

/** Bytes that were compressed with deflate and written in base64. */
export async function unpack(packed: string): Promise<ArrayBuffer> {
  const compressed = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Response(stream).arrayBuffer();
}
