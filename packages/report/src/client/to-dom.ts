import type { PageNode } from '../element.js';

const svg = 'http://www.w3.org/2000/svg';

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
