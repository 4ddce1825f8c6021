import { NammError, type NammErrorOptions } from '@namm/core';

/** A file, folder or list of frames cannot be read; the message names it and says what to do. */
export class FrameSourceError extends NammError {
  /**
   * @param source the file or folder with the problem
   * @param problem what is wrong, and what to do
   */
  constructor(source: string, problem: string, options: NammErrorOptions = {}) {
    super('FRAME_SOURCE', `${source}: ${problem}`, {
      ...options,
      details: { source, ...options.details },
    });
  }
}

/** Video files are decoded by ffmpeg, which is not on the PATH. */
export class FfmpegMissingError extends NammError {
  /** @param file that would have been decoded */
  constructor(file: string, cause: unknown) {
    const how =
      'install it (apt install ffmpeg, brew install ffmpeg, winget install ffmpeg), or name a folder of images';
    super('FFMPEG_MISSING', `${file}: there is no ffmpeg on the PATH to decode it; ${how}.`, {
      cause,
      details: { source: file },
    });
  }
}

/** A frame passed by the caller is invalid: its data do not match its size. */
export class FrameError extends NammError {
  constructor(problem: string, options: NammErrorOptions = {}) {
    super('FRAME', problem, options);
  }
}

/** The placeholders in a prompt do not match the frames. */
export class PlaceholderError extends NammError {
  constructor(problem: string, options: NammErrorOptions = {}) {
    super('PLACEHOLDER', problem, options);
  }
}
