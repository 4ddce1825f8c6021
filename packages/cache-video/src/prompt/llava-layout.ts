import type { PromptLayout } from './prompt-layout.js';

/** LLaVA-NeXT-Video: the rows of all frames, one after the other, in place of one mark; images have a mark each. */
export function llavaLayout(): PromptLayout {
  const frame = { before: [''], after: '' };
  return {
    placeholders: { video: '<video>', images: '<image>' },
    marks: { video: '<video>', images: '<image>' },
    gap: '\n',
    published: (mark, question) => `USER: ${mark}\n${question} ASSISTANT:`,
    introduction: () => '',
    frame: () => frame,
    image: () => frame,
    conclusion: '',
  };
}
