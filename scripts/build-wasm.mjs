// Compiles the kernels of a package, assembly/NAME.ts in AssemblyScript, to WebAssembly with SIMD, and
// writes each as src/generated/NAME.ts: the module in base64 and the types of its functions. What is
// up to date stays. turbo runs this before build and type check, Vitest's configuration before the tests: for all
// packages in one process, since loading the compiler costs more than compiling a kernel.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// Neither a garbage collector nor imports: kernels work on numbers at addresses they are given.
const options = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--enable', 'simd'];
const generator = readFileSync(fileURLToPath(import.meta.url));
const { version } = createRequire(import.meta.url)('assemblyscript/package.json');

const kernelsIn = (folder) =>
  existsSync(folder) ? readdirSync(folder).filter((file) => /^[a-z0-9-]+\.ts$/.test(file)) : [];

/** @returns the module and the declarations of what it exports */
async function compile(folder, file, more = []) {
  // The compiler's back end is WebAssembly that runs for a second: optimising it costs more than it gains.
  setFlagsFromString('--liftoff-only');
  const { default: compiler } = await import('assemblyscript/asc'); // slow to load, seldom needed
  const written = new Map();
  const args = [file, '--outFile', 'out.wasm', '--bindings', 'raw', ...options, ...more];
  const { error, stderr } = await compiler.main(args, {
    readFile: (name) => {
      const path = join(folder, name);
      return existsSync(path) ? readFileSync(path, 'utf8') : null;
    },
    writeFile: (name, content) => written.set(name, content),
  });
  if (error) throw new Error(`${join(folder, file)}: ${stderr.toString() || error.message}`);
  return { wasm: Buffer.from(written.get('out.wasm')), declarations: written.get('out.d.ts') };
}

/** The functions among the compiler's declarations, as members of an interface. */
function membersOf(declarations) {
  const functions = declarations.matchAll(/export function (\w+)\(([^)]*)\): ([^;]+);/g);
  return Array.from(functions, ([, name, parameters, result]) => {
    return `  ${name}(${parameters}): ${result};\n`;
  }).join('');
}

const relaxedModule = (wasm) => `
/** The same with relaxed SIMD, ${wasm.byteLength} bytes; not every engine compiles it. */
export const relaxedModule = '${wasm.toString('base64')}';
`;

/** Brings src/generated of every package up to date. */
export async function buildAllWasm() {
  const packages = fileURLToPath(new URL('../packages', import.meta.url));
  for (const name of readdirSync(packages)) await buildWasm(join(packages, name));
}

async function buildWasm(packageFolder) {
  const folder = join(packageFolder, 'assembly');
  for (const file of kernelsIn(folder)) {
    const source = readFileSync(join(folder, file));
    const digest = createHash('sha256').update(version).update(generator).update(source);
    const head = `// Made from assembly/${file} by scripts/build-wasm.mjs. ${digest.digest('hex')}\n`;
    const target = join(packageFolder, 'src', 'generated', file);
    if (existsSync(target) && readFileSync(target, 'utf8').startsWith(head)) continue;

    const { wasm, declarations } = await compile(folder, file);
    // A kernel that asks whether there is relaxed SIMD is compiled for engines that have it as well.
    const isRelaxed = source.includes('ASC_FEATURE_RELAXED_SIMD');
    const relaxed = isRelaxed && (await compile(folder, file, ['--enable', 'relaxed-simd'])).wasm;
    const content = `${head}
/** The functions of assembly/${file}; numbers named as addresses are bytes in its memory. */
export interface Functions {
${membersOf(declarations)}}

/** The compiled module in base64, ${wasm.byteLength} bytes. */
export const module = '${wasm.toString('base64')}';
${relaxed ? relaxedModule(relaxed) : ''}`;
    mkdirSync(join(packageFolder, 'src', 'generated'), { recursive: true });
    const temporary = `${target}.${process.pid}.tmp`; // several processes may come here at once
    writeFileSync(temporary, content);
    renameSync(temporary, target);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await buildAllWasm();
