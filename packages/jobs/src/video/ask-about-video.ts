import type { Sampling, ViewOptions } from '@namm/cache-video';
import { InvalidArgumentError, type ProgressListener } from '@namm/core';
import { RetentionRecorder } from '@namm/kv-cache';
import { type LookOptions, loadForLooking, recordLook } from './look.js';
import { describeFigures, figuresOf, type ViewingFigures } from './viewing-figures.js';

/** Options of {@link askAboutVideo}. */
export interface AskAboutVideoOptions extends LookOptions {
  /** Frames shown, at equal distances; as the model prescribes if left out. */
  readonly frames?: number | undefined;
  /** Most frames shown, with `rate`. */
  readonly most?: number | undefined;
  /** Positions that close up over forgotten tokens. */
  readonly compact?: boolean | undefined;
  readonly onProgress: ProgressListener;
}

/** An answer with what it took. */
export interface VideoAnswer extends ViewingFigures {
  readonly policy: string;
  readonly text: string;
  readonly seconds: { readonly looking: number; readonly all: number };
}

/**
 * Answers a question about a video, a folder of frames, an animation, or an image.
 *
 * @throws {InvalidArgumentError} for options that do not go together, before anything is loaded
 */
export async function askAboutVideo(
  source: string,
  question: string,
  options: AskAboutVideoOptions,
): Promise<VideoAnswer> {
  const { policy, maxTokens, seed, reuseBelow, framesPerSecond, status, signal } = options;
  if (question.trim() === '') throw new InvalidArgumentError('question', 'is empty');
  const frames = samplingOf(options);
  const model = await loadForLooking(options);
  const start = performance.now();
  const since = () => (performance.now() - start) / 1000;
  status.show(`looking through ${source}`);
  const view: ViewOptions = {
    ...{ policy, signal, ...(frames && { frames }), reuseBelow, framesPerSecond },
    positions: options.compact ? 'compact' : 'absolute',
    ...(options.retention !== undefined && { recorder: new RetentionRecorder({ scores: 'last' }) }),
    onProblem: ({ message }) => status.finish(message),
    onFrame: (done, total) => {
      if (total !== null) options.onProgress({ stage: '', done, total });
      else status.show(`${done} frames`);
    },
  };
  try {
    const viewing = await model.view(source, view);
    status.clear();
    const looking = since();
    let text = '';
    for await (const piece of viewing.ask(question, { maxNewTokens: maxTokens, seed, signal })) {
      text += piece;
      options.write(piece);
    }
    options.write('\n');
    const figures = figuresOf(viewing);
    status.finish(`${describeFigures(policy.name, figures)}, ${looking.toFixed(1)} s of looking`);
    await recordLook(viewing, source, options);
    await viewing.release();
    return { policy: policy.name, text, ...figures, seconds: { looking, all: since() } };
  } finally {
    status.clear();
    await model.release();
  }
}

/** Which frames the options want; undefined for those that the model prescribes. */
function samplingOf({ frames, rate, most }: AskAboutVideoOptions): Sampling | undefined {
  if (frames !== undefined) {
    if (rate !== undefined) throw new InvalidArgumentError('--frames', 'does not go with --rate');
    if (most !== undefined) throw new InvalidArgumentError('--most', 'goes with --rate alone');
    return { kind: 'uniform', count: frames };
  }
  if (rate !== undefined) return { kind: 'rate', perSecond: rate, ...(most && { most }) };
  if (most !== undefined) throw new InvalidArgumentError('--most', 'goes with --rate alone');
  return undefined;
}
