// Everything a fresh clone needs. Each step looks first whether there is something to do.
import { isMain, runScript, ScriptFailure } from './project.mjs';
import { installDependencies } from './setup/dependencies.mjs';

const oldestNode = 20;

/**
 * Sets the project up and says what it does, a line a step.
 * @returns {Promise<{cpuProblem: string | undefined}>} `cpuProblem`: why the embedded machine cannot run here
 */
export async function setUp() {
  if (Number(process.versions.node.split('.')[0]) < oldestNode) {
    throw new ScriptFailure(`Node ${oldestNode} or newer is needed; this is ${process.versions.node}.`);
  }
  await step(1, 'dependencies', installDependencies);
  // The other steps use packages, so they load only now.
  const { provideCpuLibrary } = await import('./setup/cpu-library.mjs');
  const { buildGuests } = await import('./setup/guests.mjs');
  const { buildProductWhenStale } = await import('./setup/product.mjs');
  const cpu = { problem: undefined };
  await step(2, 'CPU library', async (report) => {
    const { summary, problem } = await provideCpuLibrary(report);
    cpu.problem = problem;
    return summary;
  });
  if (cpu.problem !== undefined) console.log(indented(cpu.problem));
  await step(3, 'example guests', buildGuests);
  await step(4, 'product', buildProductWhenStale);
  return { cpuProblem: cpu.problem };
}

async function step(number, name, work) {
  const head = `[${number}/4] ${name}:`;
  const startedAt = Date.now();
  const summary = await work((progress) => console.log(`${head} ${progress}`));
  const seconds = (Date.now() - startedAt) / 1000;
  console.log(`${head} ${summary}${seconds < 1 ? '' : ` (${seconds.toFixed(1)} s)`}`);
}

const indented = (text) => text.replace(/^/gm, '      ');

if (isMain(import.meta.url)) {
  await runScript(async () => {
    await setUp();
  });
}
