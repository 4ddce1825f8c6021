import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

let option: Promise<'-fps_mode' | '-vsync'> | null = null;

/** The option by which this machine's ffmpeg keeps frames as they come: it has another name since version 5.1. */
export function framePassing(): Promise<'-fps_mode' | '-vsync'> {
  option ??= promisify(execFile)('ffmpeg', ['-version']).then(
    ({ stdout }) => {
      const [, major, minor] = /^ffmpeg version n?(\d+)\.(\d+)/.exec(stdout) ?? [];
      const isOld = major !== undefined && Number(major) + Number(minor) / 10 < 5.1;
      return isOld ? '-vsync' : '-fps_mode';
    },
    () => {
      option = null; // there may be one later; what uses it says that there is none
      return '-fps_mode';
    },
  );
  return option;
}
