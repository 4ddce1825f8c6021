import type { Clip } from '../clips/clip.js';
import { clipKinds } from '../clips/clip-kinds.js';
import { type ClipFrame, clipFrames } from '../clips/draw-clip-frame.js';
import { scoreWords } from './score-words.js';
import type { VideoTask } from './video-task.js';

const heldOut = new Set(clipKinds.filter(({ isHeldOut }) => isHeldOut).map(({ name }) => name));

/** A synthetic clip as a task: its questions are asked as they are, one of each kind. */
export function clipTask(clip: Clip): VideoTask<ClipFrame> {
  return {
    id: clip.id,
    frames: () => clipFrames(clip),
    questions: clip.questions.map(({ kind, text, answer }) => ({
      ...{ kind, isHeldOut: heldOut.has(kind), text },
      maxNewTokens: 4 * answer.length + 8,
      score: (written) => scoreWords(written, answer),
    })),
  };
}
