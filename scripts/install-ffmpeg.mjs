// Puts an ffmpeg on the PATH, for the tests that decode videos; nothing else needs one. Where there is one already,
// nothing is done.
import { spawnSync } from 'node:child_process';

const version = () => {
  const { status, stdout } = spawnSync('ffmpeg', ['-version'], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n')[0] : null;
};

function must(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, error } = spawnSync(command, args, {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (error || status !== 0) {
    throw new Error(`No ffmpeg was found, and ${command} could not install it. Install ffmpeg.`);
  }
}

if (version() === null) {
  must('apt-get', ['update', '-qq']);
  must('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'ffmpeg']);
}
console.log(version());
