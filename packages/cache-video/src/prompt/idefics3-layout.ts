import type { PreparedImage } from '../images/image-processor.js';
import { numberInWords } from './number-in-words.js';
import type { FrameText, PromptLayout } from './prompt-layout.js';

const fence = '<fake_token_around_image>';
const whole = `${fence}<global-img>`;

/** SmolVLM and Idefics3: each frame has a time and a fence of its own; tiles of an image have their row and column. */
export function idefics3Layout(): PromptLayout {
  return {
    placeholders: { video: '<image>', images: '<image>' },
    marks: { video: '<video>', images: '<image>' },
    gap: '',
    published(mark, question) {
      const space = mark === '<image>' ? '' : ' ';
      return `<|im_start|>User:${space}${mark}${question}<end_of_utterance>\nAssistant:`;
    },
    introduction(video) {
      if (!video) return 'You are provided the following series of frames from a video.\n';
      const count = numberInWords(video.frames);
      return `You are provided the following series of ${count} frames from a ${hours(video.duration)} [H:MM:SS] video.\n`;
    },
    frame: (_, timestamp) => ({
      before: [`\nFrame from ${minutes(timestamp)}:${whole}`],
      after: fence,
    }),
    image: imageText,
    conclusion: '\n\n',
  };
}

function imageText({ rows, columns }: PreparedImage): FrameText {
  if (rows === 0) return { before: [whole], after: fence };
  const before = Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns) + 1, (i % columns) + 1];
    const newline = column === 1 && row > 1 ? '\n' : '';
    return `${newline}${fence}<row_${row}_col_${column}>`;
  });
  return { before: [...before, `\n\n${whole}`], after: fence };
}

const two = (number: number) => String(number).padStart(2, '0');

function minutes(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${two(Math.floor(whole / 60))}:${two(whole % 60)}`;
}

function hours(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
