import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { measureInProcess } from './measure-in-process.js';
import type { MeasureRequest } from './measure-request.js';

/** Largest difference of two logits that are taken for the same. */
const tolerance = 1e-3;

/**
 * Checks that two runtimes compute the same from a prompt: the greedy tokens, and the logits of the
 * prompt's last token and of the last step.
 *
 * @param folder where to put the logits
 * @returns the largest difference of two logits
 * @throws {Error} when they do not
 */
export async function compare(
  ours: MeasureRequest,
  peer: MeasureRequest,
  folder: string,
): Promise<number> {
  const run = async (request: MeasureRequest, name: string) => {
    const logitsFile = join(folder, `${name}.f32`);
    const { tokens } = await measureInProcess({ ...request, logitsFile });
    const { buffer, byteOffset, byteLength } = await readFile(logitsFile);
    return { tokens, logits: new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength)) };
  };
  const a = await run(ours, 'logits-ours');
  const b = await run(peer, 'logits-peer');
  const fail = (problem: string): never => {
    throw new Error(
      `at ${ours.length} tokens ours and transformers.js do not compute the same: ${problem}; nothing was timed`,
    );
  };
  const parting = a.tokens.findIndex((token, i) => token !== b.tokens[i]);
  if (parting >= 0 || a.tokens.length !== b.tokens.length) {
    fail(`greedy token ${parting} is ${a.tokens[parting]} or ${b.tokens[parting]}`);
  }
  if (a.logits.length !== b.logits.length) fail('their vocabularies differ');
  let largest = 0;
  for (let i = 0; i < a.logits.length; i++) {
    const difference = Math.abs(a.logits[i]! - b.logits[i]!);
    if (!(difference <= largest)) largest = difference; // NaN as well
  }
  if (!(largest <= tolerance)) fail(`logits differ by ${largest}`);
  return largest;
}
