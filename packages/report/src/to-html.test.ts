import fc from 'fast-check';
import { expect, it } from 'vitest';
import { element } from './element.js';
import { toHtml } from './to-html.js';

it('writes elements, and text only as text', () => {
  const made = element('p', { title: `"'<&>`, width: 3 }, 'a < b', element('br'), element('b'));
  expect(toHtml(made)).toBe(
    '<p title="&quot;&#39;&lt;&amp;&gt;" width="3">a &lt; b<br><b></b></p>',
  );
});

it('lets no text or attribute open a tag or end an attribute', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('</p>', '"><script>', '&lt;'),
  );
  fc.assert(
    fc.property(text, (any) => {
      const html = toHtml(element('p', { title: any }, any));
      const inside = /^<p title="([^"<>]*)">([^<>]*)<\/p>$/s.exec(html);
      const unescaped = (escaped: string) =>
        escaped
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&quot;', '"')
          .replaceAll('&#39;', "'")
          .replaceAll('&amp;', '&');
      expect(inside?.slice(1).map(unescaped)).toEqual([any, any]);
    }),
  );
});
