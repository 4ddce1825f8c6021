// A process of runCommands: runs a program again and again on other arguments, and says how each run ended. The
// program's own module is loaded anew for each, what it imports is loaded once.
import { pathToFileURL } from 'node:url';

const { program, runs } = JSON.parse(process.argv[2]);
const write = process.stdout.write.bind(process.stdout);
const results = [];

class Exit extends Error {}

process.setMaxListeners(0); // each run of a program may listen
process.stdout.setMaxListeners(0);
process.stderr.setMaxListeners(0);
for (const [run, args] of runs.entries()) {
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
  process.exitCode = 0;
  let status = null;
  try {
    await import(`${pathToFileURL(program).href}?run=${run}`);
    status = Number(process.exitCode ?? 0);
  } catch (error) {
    status = error instanceof Exit ? Number(process.exitCode ?? 0) : 1;
    if (!(error instanceof Exit)) said.stderr += String(error?.stack ?? error);
  }
  results.push({ status, ...said });
}
process.exitCode = 0;
write(JSON.stringify(results));
