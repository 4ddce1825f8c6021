// Puts a Chromium into .tools/chromium, for the tests that open pages; nothing else needs one. It comes
// from npm with every library that a bare Linux image may lack. Where a Chromium is found already,
// nothing is done.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium } from '../packages/testing/src/find-chromium.mjs';
import { root } from './setup.mjs';

const version = '143.0.4'; // the last one that says Node 20 is enough
const folder = join(root, '.tools', 'chromium');

function must(command, args, environment = {}) {
  const env = { ...process.env, ...environment };
  const { status, error } = spawnSync(command, args, { cwd: folder, env, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exit status ${status}`);
}

function install() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  must('npm', ['install', '--prefix', folder, ...quiet, `@sparticuz/chromium@${version}`]);

  // The package unpacks itself into the temporary folder, and with its libraries when it believes to be
  // on a server that has none.
  const unpack = `import chromium from '@sparticuz/chromium'; await chromium.executablePath();`;
  must(process.execPath, ['--input-type=module', '--eval', unpack], {
    TMPDIR: folder,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x',
  });
  rmSync(join(folder, 'node_modules'), { recursive: true });
  const fonts = `<fontconfig><dir>${join(folder, 'fonts')}</dir><cachedir>${join(folder, 'fonts-cache')}</cachedir></fontconfig>\n`;
  writeFileSync(join(folder, 'fonts.conf'), fonts);
  const start = `#!/bin/sh
export LD_LIBRARY_PATH="${join(folder, 'al2023', 'lib')}" FONTCONFIG_FILE="${join(folder, 'fonts.conf')}"
exec "${join(folder, 'chromium')}" --no-zygote --single-process --disable-gpu "$@"
`;
  writeFileSync(join(folder, 'run'), start);
  chmodSync(join(folder, 'run'), 0o755);
}

if (findChromium() === null) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('No Chromium was found. Install Chrome, or set CHROMIUM_PATH.');
  }
  install();
}
console.log(`Chromium: ${findChromium()}`);
