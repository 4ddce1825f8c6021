import type { PageNode } from './element.js';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Elements that have no content and no end tag. */
const empty = new Set(['br', 'hr', 'input', 'meta']);

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character]!);
}

/** Writes elements as HTML. All text and all attribute values are escaped here, and only here. */
export function toHtml(node: PageNode): string {
  if (typeof node === 'string') return escapeHtml(node);
  const { tag, attributes, children } = node;
  const list = Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escapeHtml(String(value))}"`)
    .join('');
  if (empty.has(tag)) return `<${tag}${list}>`;
  return `<${tag}${list}>${children.map(toHtml).join('')}</${tag}>`;
}
