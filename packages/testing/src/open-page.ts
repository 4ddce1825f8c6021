import { DevTools } from './devtools.ts';
import { findChromium } from './find-chromium.mjs';

/** A page in a browser of its own. */
export interface Page {
  /** The value of a JavaScript expression in the page, as JSON carries it; promises are awaited. */
  evaluate(expression: string): Promise<unknown>;
  /** Sends the page's DevTools a command, such as `Emulation.setDeviceMetricsOverride`. */
  send(method: string, parameters?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** What the page wrote as errors or threw without catching, so far. */
  readonly errors: readonly string[];
  /** Addresses that the page asked for, its own included, so far. */
  readonly requests: readonly string[];
  /** Ends the browser. */
  close(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: the protocol's events are JSON of many shapes
type Json = any;

/**
 * Opens an address (`http:`, `file:` or `data:`) in a fresh headless Chromium and waits until it has
 * loaded.
 *
 * @throws when no Chromium is found, or the page does not load
 */
export async function openPage(address: string): Promise<Page> {
  const program = findChromium();
  if (program === null) throw new Error('no Chromium: run `node scripts/install-chromium.mjs`');
  const browser = new DevTools(program);
  try {
    const errors: string[] = [];
    const requests: string[] = [];
    const loaded = new Promise<void>((resolve) => {
      browser.listen((method, params: Json) => {
        if (method === 'Page.loadEventFired') resolve();
        if (method === 'Network.requestWillBeSent') requests.push(params.request.url);
        if (method === 'Runtime.exceptionThrown') errors.push(textOf(params.exceptionDetails));
        if (method === 'Runtime.consoleAPICalled' && params.type === 'error') {
          errors.push(params.args.map((argument: Json) => String(argument.value)).join(' '));
        }
        if (method === 'Log.entryAdded' && params.entry.level === 'error') {
          errors.push(`${params.entry.text} ${params.entry.url ?? ''}`.trim());
        }
      });
    });
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
    const attached = await browser.send('Target.attachToTarget', { targetId, flatten: true });
    const session = attached.sessionId as string;
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) {
      await browser.send(`${domain}.enable`, {}, session);
    }
    const { errorText } = await browser.send('Page.navigate', { url: address }, session);
    if (errorText) throw new Error(`${address}: ${errorText}`);
    await loaded;
    return {
      errors,
      requests,
      close: () => browser.close(),
      send: (method, parameters) => browser.send(method, parameters, session),
      async evaluate(expression) {
        const options = { expression, awaitPromise: true, returnByValue: true };
        const answer: Json = await browser.send('Runtime.evaluate', options, session);
        if (answer.exceptionDetails) throw new Error(textOf(answer.exceptionDetails));
        return answer.result.value;
      },
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

const textOf = ({ text, exception }: Json): string => exception?.description ?? text;
