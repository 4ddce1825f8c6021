import { element, type PageElement } from '../element.js';

/** Names and values under the title of a page. */
export function factList(facts: readonly (readonly [name: string, value: string])[]): PageElement {
  const rows = facts.map(([name, value]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value)),
  );
  return element('dl', { class: 'facts' }, ...rows);
}
