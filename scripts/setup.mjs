// Brings a clone to the point where everything runs, with nothing but Node: the pinned pnpm in an
// ignored folder, the frozen lockfile, the build. A second call finds all of it done.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const oldestNode = [20, 19];
const toolsFolder = join(root, '.tools');
const pnpmEntry = join(toolsFolder, 'node_modules', 'pnpm', 'bin', 'pnpm.mjs');
const installStamp = join(root, 'node_modules', '.namm-install');

/** The environment every child process gets. */
export const environment = {
  ...process.env,
  PATH: join(toolsFolder, 'node_modules', '.bin') + delimiter + process.env.PATH, // turbo calls pnpm
  TURBO_TELEMETRY_DISABLED: '1', // turbo reports home by default
  ONNXRUNTIME_NODE_INSTALL: 'skip', // its install script only downloads CUDA libraries
};

/** Runs a program in the root folder and returns its exit status. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env: environment,
    stdio: options.quiet
      ? ['ignore', 'pipe', 'pipe']
      : ['inherit', options.output ?? 'inherit', 'inherit'],
    encoding: 'utf8',
  });
  if (result.error) throw result.error;
  if (options.quiet && result.status !== 0) process.stderr.write(result.stdout + result.stderr);
  return result.status ?? 1;
}

/** Runs a tool that the workspace has installed. */
export function runTool(name, args, options) {
  return run(join(root, 'node_modules', '.bin', name), args, options);
}

function must(status, what) {
  if (status === 0) return;
  console.error(`setup: ${what} failed (exit status ${status}). The output above says why.`);
  process.exit(status);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  console.error(
    `setup: Node ${oldestNode.join('.')} or newer is needed; this is ${process.version}.`,
  );
  process.exit(1);
}

function installPnpm(version) {
  const manifest = join(toolsFolder, 'node_modules', 'pnpm', 'package.json');
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version)
    return;
  console.error(`setup: installing pnpm ${version} into .tools`);
  mkdirSync(toolsFolder, { recursive: true });
  writeFileSync(join(toolsFolder, 'package.json'), '{ "private": true }\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const args = ['install', '--prefix', toolsFolder, '--no-save', '--no-audit', '--no-fund'];
  const pnpm = [...args, '--loglevel=error', `pnpm@${version}`];
  must(run(npm, pnpm, { output: process.stderr }), 'installing pnpm');
}

/** A digest of everything that decides what an install puts into node_modules. */
function installDigest() {
  const hash = createHash('sha256').update(process.platform + process.arch);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json']) {
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function installDependencies() {
  const digest = installDigest();
  if (existsSync(installStamp) && readFileSync(installStamp, 'utf8') === digest) return;
  console.error('setup: installing dependencies, which takes a minute or two');
  // Standard output belongs to the command that follows, which may print JSON. Warnings are of tools that only tests use.
  const install = [pnpmEntry, 'install', '--frozen-lockfile', '--loglevel=error'];
  must(run(process.execPath, install, { output: process.stderr }), 'pnpm install');
  writeFileSync(installStamp, digest);
}

/** Builds folders and what they need. Says what it builds; nothing when all is there. */
function build(folders) {
  const only = folders.map((folder) => `--filter=./${relative(root, folder)}`);
  const args = ['run', 'build', ...only, '--output-logs=new-only', '--log-order=stream'];
  // turbo answers from its cache in milliseconds when nothing has changed.
  const turbo = spawn(join(root, 'node_modules', '.bin', 'turbo'), args, {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const lines = [];
  const said = new Set();
  const listen = (chunk) => {
    text += chunk;
    const found = text.split('\n');
    text = found.pop();
    lines.push(...found);
    for (const line of found) say(line);
  };
  const say = (line) => {
    const found = /^(?:@namm\/(\S+):build|\/\/:wasm): cache (?:miss|bypass)/.exec(line);
    if (found === null) return;
    const part = found[1] ?? 'kernels';
    if (said.has(part)) return;
    if (said.size === 0) console.error('setup: building what has changed since the last time');
    said.add(part);
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2Ksetup: building ${part}`);
  };
  turbo.stdout.on('data', listen);
  turbo.stderr.on('data', listen);
  return new Promise((done, fail) => {
    turbo.on('error', fail);
    turbo.on('close', (status) => {
      if (said.size > 0 && process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
      if (status !== 0) console.error([...lines, text].join('\n'));
      must(status ?? 1, 'the build');
      if (said.size > 0) console.error(`setup: built ${said.size} parts`);
      done();
    });
  });
}

/**
 * @param folders of packages, apps and tools that are to be built with all that they need; everything if left
 *   out, nothing if there are none
 */
export async function setup(folders) {
  checkNode();
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  installPnpm(packageManager.split('@')[1]);
  installDependencies();
  if (folders === undefined || folders.length > 0) await build(folders ?? []);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await setup();
