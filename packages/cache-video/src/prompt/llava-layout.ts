import type { PromptLayout } from './prompt-layout.js';

/** LLaVA-NeXT-Video: the rows of all frames, one after the other, in place of one mark. */
export function llavaLayout(): PromptLayout {
  const frame = { before: [''], after: '' };
  return {
    placeholder: '<video>',
    marks: { video: '<video>', image: '<video>' },
    published: (mark, question) => `USER: ${mark}\n${question} ASSISTANT:`,
    introduction: () => '',
    frame: () => frame,
    image: () => frame,
    conclusion: '',
  };
}
