// Sets up and shows the main job: a DAP client drives the adapter, which runs a script on a guest of the embedded machine.
import { existsSync } from 'node:fs';
import { importTypeScript } from './import-typescript.mjs';
import { projectFile, runScript, ScriptFailure } from './project.mjs';
import { setUp } from './setup.mjs';

const timeLimitMs = 60_000;
const program = projectFile('examples/guests/build/licence');
const script = projectFile('examples/licence.hds');

await runScript(async () => {
  const { cpuProblem } = await setUp();
  if (cpuProblem !== undefined)
    throw new ScriptFailure('The main job needs the CPU library; see above how to get it.');
  if (!existsSync(program))
    throw new ScriptFailure('The example guest is missing; "npm run setup" says why.');
  console.log('');
  await showMainJob();
});

async function showMainJob() {
  const { runMainJob } = await importTypeScript('main-job', ['test/session/main-job']);
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeLimitMs);
  const onInterrupt = () => abort.abort();
  process.once('SIGINT', onInterrupt);
  const startedAt = Date.now();
  try {
    const record = await runMainJob(
      { adapter: projectFile('dist/adapter.js'), program, script },
      console.log,
      abort.signal,
    );
    summarize(record, (Date.now() - startedAt) / 1000);
  } catch (error) {
    const reason = abort.signal.aborted
      ? `It was ended (interrupted, or longer than ${timeLimitMs / 1000} s).`
      : error.message;
    throw new ScriptFailure(`The main job did not succeed. ${reason}`);
  } finally {
    clearTimeout(timer);
    process.removeListener('SIGINT', onInterrupt);
  }
}

/** Says what was shown, and fails when a part of it is missing. */
function summarize(record, seconds) {
  const stop = record.stops[0];
  const parts = [
    [
      'the script printed values of the guest',
      record.console.some(({ text }) => text.startsWith('checksum of GUEST-0000')),
    ],
    ['the machine stopped with the sixteen registers', stop !== undefined && stop.registers.length === 16],
    ['custom code changed what the guest says', record.guestOutput.endsWith('\nvalid key\n')],
    ['the guest ended with exit code 0', record.exitCode === 0],
    ['the adapter ended by itself', record.isCleanEnd],
  ];
  console.log('');
  for (const [name, isTrue] of parts) console.log(`${isTrue ? 'ok    ' : 'FAILED'}  ${name}`);
  console.log(
    '\nWithout the script this guest prints "invalid key" and ends with exit code 1 (examples/guests/licence.c).\n' +
      `Done in ${seconds.toFixed(1)} s.`,
  );
  const missing = parts.filter(([, isTrue]) => !isTrue);
  if (missing.length > 0)
    throw new ScriptFailure(
      `The main job did not succeed: ${missing.length} of ${parts.length} parts failed.`,
    );
}
