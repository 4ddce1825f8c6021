// A process of CommandHost: runs a program again and again on the arguments that it is sent, and says how each run
// ended. The program's own module is loaded anew for each, what it imports is loaded once.
import { pathToFileURL } from 'node:url';

const [program] = process.argv.slice(2);
// Runs have environments of their own, which the runtime does not see: what the decoder would say there is said here.
process.env.ORT_DISABLE_TELEMETRY ??= '1';
const environment = { ...process.env };

class Exit extends Error {}

process.setMaxListeners(0); // each run of a program may listen
process.stdout.setMaxListeners(0);
process.stderr.setMaxListeners(0);
let runs = 0;

async function run({ args, env }) {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    process[name].write = (text, ...rest) => {
      said[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      rest.find((one) => typeof one === 'function')?.();
      return true;
    };
  }
  process.exit = (code) => {
    if (code !== undefined) process.exitCode = code;
    throw new Exit();
  };
  process.argv = [process.argv[0], program, ...args];
  process.env = { ...environment, ...env };
  process.exitCode = 0;
  let status = null;
  try {
    await import(`${pathToFileURL(program).href}?run=${runs++}`);
    status = Number(process.exitCode ?? 0);
  } catch (error) {
    status = error instanceof Exit ? Number(process.exitCode ?? 0) : 1;
    if (!(error instanceof Exit)) said.stderr += String(error?.stack ?? error);
  }
  process.exitCode = 0;
  process.send({ status, ...said });
}

let last = Promise.resolve();
process.on('message', (message) => {
  last = last.then(() => run(message));
});
