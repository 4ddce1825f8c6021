import type { AnswerEvent } from '../text/answer-request.js';
import type { TokenLogprob } from '../text/text-writer.js';
import type { WrittenCall } from '../text/tool-calls.js';

/** An answer that is told at once, when it is whole. */
export class CollectedAnswer {
  text = '';
  readonly calls: WrittenCall[] = [];
  readonly tokens: TokenLogprob[] = [];
  reason: 'stop' | 'length' | 'tool_calls' = 'stop';

  add(part: AnswerEvent): void {
    if (part.kind === 'text') {
      this.text += part.text;
      this.tokens.push(...part.tokens);
    } else if (part.kind === 'call') this.calls.push(part.call);
    else this.reason = part.reason;
  }
}
