/** An element of a page, as data: drawn to text by the library and to live elements by the page itself. */
export interface PageElement {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children: readonly PageNode[];
}

/** Strings are text, never markup. */
export type PageNode = string | PageElement;

/** Makes an element. */
export function element(
  tag: string,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: readonly PageNode[]
): PageElement {
  return { tag, attributes, children };
}
