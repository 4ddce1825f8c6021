import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { FfmpegMissingError, FrameSourceError } from '../errors.js';

/** What ffmpeg says of a frame that it could only guess, or not decode at all, or where the file around the frames is torn. */
const brokenFrame =
  /corrupt decoded frame|error while decoding stream|error submitting packet|exceeds containing master element|ebml number/i;

/** What it says of a file that ends before it should; it goes on with what there is, and ends as if all were well. */
const cutOff = /file ended prematurely|partial file|moov atom not found/i;

/** What it says of a file that is whole, but has no video stream. */
const noPicture = /output file #?\d+ does not contain any stream/i;

/** Messages kept for the error that may come. */
const mostMessages = 3;

/**
 * A running ffmpeg that decodes one file: frames as raw bytes come through its standard output, and one line for each
 * through a second pipe. It writes nothing to the disk, asks nothing, opens no network, and ends when it is closed; when
 * this process dies, at its next write into the pipes that nobody reads any more.
 */
export class FfmpegProcess {
  readonly #file: string;
  readonly #process: ChildProcess;
  readonly #exit: Promise<number | null>;
  readonly #messages: string[] = [];
  readonly #onBroken: (message: string) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #stop = () => void this.close();
  #isCutOff = false;
  #hasNoPicture = false;
  /** Why it could not be started. */
  #startProblem: NodeJS.ErrnoException | null = null;

  /**
   * @param file to decode
   * @param outputs arguments behind the input
   * @param onBroken is told of each frame that could not be decoded as it should
   * @param signal ends it
   */
  constructor(
    file: string,
    outputs: readonly string[],
    onBroken: (message: string) => void,
    signal?: AbortSignal,
  ) {
    this.#file = file;
    this.#onBroken = onBroken;
    this.#signal = signal;
    // Times count from the beginning of the file, and on where they jump: those of a recording begin anywhere.
    const input = ['-protocol_whitelist', 'file,pipe', '-i', `file:${file}`];
    const quiet = ['-nostdin', '-hide_banner', '-loglevel', 'repeat+level+warning'];
    this.#process = spawn('ffmpeg', [...quiet, ...input, ...outputs], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    this.#exit = new Promise((resolve) => {
      this.#process.once('error', (error: NodeJS.ErrnoException) => {
        this.#startProblem = error;
        resolve(null);
      });
      this.#process.once('close', resolve);
    });
    signal?.addEventListener('abort', this.#stop);
    createInterface({ input: this.#process.stderr! }).on('line', (line) => this.#takeMessage(line));
  }

  /** Raw frames. */
  get frames(): Readable {
    return this.#process.stdout!;
  }

  /** A line per frame. */
  get lines(): Readable {
    return this.#process.stdio[3] as Readable;
  }

  /**
   * Waits for its end.
   *
   * @param frames that it gave: what was decoded counts, even if it ended badly
   * @returns why it ended before the video did; null when all went well
   * @throws {FfmpegMissingError} when there is no ffmpeg
   * @throws {FrameSourceError} when it gave no frame
   */
  async finish(frames: number): Promise<string | null> {
    const code = await this.#exit;
    if (this.#startProblem?.code === 'ENOENT') {
      throw new FfmpegMissingError(this.#file, this.#startProblem);
    }
    if (this.#startProblem) {
      throw new FrameSourceError(this.#file, 'ffmpeg could not be started.', {
        cause: this.#startProblem,
      });
    }
    if (frames > 0) {
      if (this.#isCutOff) return `the file is cut off; it gave ${frames} frames`;
      if (code === 0) return null;
      return `ffmpeg stopped after ${frames} frames: ${this.#reason()}`;
    }
    if (this.#hasNoPicture) {
      throw new FrameSourceError(
        this.#file,
        'holds no pictures, only sound or text; name a video.',
      );
    }
    throw new FrameSourceError(
      this.#file,
      `ffmpeg finds no frame in it: ${this.#reason()}. Is it a video, and complete?`,
    );
  }

  /** Ends it, and waits until it has ended. */
  async close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#stop);
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    if (this.#startProblem) return;
    const closed = once(this.#process, 'close').catch(() => {});
    this.#process.kill('SIGKILL');
    for (const stream of [this.frames, this.lines]) stream.destroy();
    await Promise.race([closed, this.#exit]);
  }

  #reason(): string {
    const { signalCode } = this.#process;
    const silent = signalCode === null ? 'it says nothing' : `it was ended by ${signalCode}`;
    return this.#messages.join('; ') || silent;
  }

  #takeMessage(line: string): void {
    const message = line.replace(/^\[[^\]]+ @ 0x[\da-f]+\] /, '');
    if (brokenFrame.test(message)) this.#onBroken(message);
    if (cutOff.test(message)) this.#isCutOff = true;
    if (noPicture.test(message)) this.#hasNoPicture = true;
    if (!/^\[(error|fatal|panic)\]/.test(message)) return;
    if (this.#messages.length === mostMessages) this.#messages.shift();
    // The last ones say why it ended.
    this.#messages.push(message.replace(/^\[\w+\] /, ''));
  }
}
