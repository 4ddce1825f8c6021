import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { element } from '../element.js';
import { htmlPage } from './html-page.js';

const parts = { title: 'a', body: [element('p')], style: 'p{}', script: 'go()', data: null };

it('keeps what is between the tags of the data free of tags, whatever the data', () => {
  const evil = fc.constantFrom('</script>', '<!--', '<script', ']]>', '\u2028');
  const text = fc.oneof(fc.string({ unit: 'binary' }), evil);
  fc.assert(
    fc.property(
      fc.array(text),
      fc.dictionary(text, text, { noNullPrototype: true }),
      (list, record) => {
        const data = { list, record };
        const page = htmlPage({ ...parts, data });
        const json = page.split('id="data">')[1]!.split('</script>')[0]!;
        expect(json).not.toContain('<');
        expect(JSON.parse(json)).toEqual(data);
      },
    ),
  );
});

it('allows its own script and style by their digests, and nothing else', () => {
  const page = htmlPage(parts);
  const digest = (text: string) => createHash('sha256').update(text).digest('base64');
  const policy = /Content-Security-Policy" content="([^"]*)"/
    .exec(page)![1]!
    .replaceAll('&#39;', "'");
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    `script-src 'sha256-${digest('go()')}'`,
    `style-src 'sha256-${digest('p{}')}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ]);
});
