import { createHash } from 'node:crypto';
import type { PageNode } from '../element.js';
import { escapeHtml, toHtml } from '../to-html.js';

/** The parts of a page. Only `script` and `style` are code, and they are ours. */
export interface HtmlPage {
  readonly title: string;
  readonly body: readonly PageNode[];
  readonly style: string;
  readonly script: string;
  /** For the script, as JSON. */
  readonly data: unknown;
  /** Whether the data hold pictures that the script shows. @defaultValue false */
  readonly hasPictures?: boolean;
}

/**
 * Writes a page that is one file and needs no other: no network, no storage. Its content security policy
 * allows its own script and style sheet by their digests and nothing else, so that even markup that slipped
 * through the escaping could neither run nor load anything.
 */
export function htmlPage(page: HtmlPage): string {
  const { title, body, style, script, data, hasPictures = false } = page;
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${digest(script)}'`,
    `style-src 'sha256-${digest(style)}'`,
    ...(hasPictures ? ['img-src data:'] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body.map(toHtml).join('\n')}
<script type="application/json" id="data">${jsonForScript(data)}</script>
<script>${script}</script>
</body>
</html>
`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

/** JSON in which nothing can end the element around it. Numbers that JSON lacks become null. */
function jsonForScript(data: unknown): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c');
}
