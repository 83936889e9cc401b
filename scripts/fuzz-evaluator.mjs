// Random programs, each run by the interpreter and as WebAssembly: they must end alike and leave the same behind.
//
//   node scripts/fuzz-evaluator.mjs [--programs 100000] [--seed 1]
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import process from 'node:process';
import { isMain, projectFile, projectRoot, runScript, ScriptFailure } from './project.mjs';

const PROGRESS_PROGRAMS = 10_000;

/** Bundles the comparison, which the tests have too, into out/fuzz/ and loads it. */
async function loadComparison() {
  const outfile = projectFile('out/fuzz/tier-comparison.cjs');
  await build({
    entryPoints: [projectFile('test/script-engine/evaluator/wasm/tier-comparison.ts')],
    absWorkingDir: projectRoot,
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
  });
  return createRequire(import.meta.url)(outfile);
}

function option(name, otherwise) {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? otherwise : Number(process.argv[index + 1]);
}

/** Compares so many programs; throws at the first difference. The answer says what kinds of programs they were. */
export async function fuzzEvaluator(programs, firstSeed) {
  const { compareTiers, noPrograms } = await loadComparison();
  const tally = noPrograms();
  for (let count = 0; count < programs; count++) {
    const seed = firstSeed + count;
    let difference;
    try {
      difference = compareTiers(seed, tally);
    } catch (error) {
      difference = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    if (difference !== undefined) throw new ScriptFailure(`seed ${seed}:\n${difference}`);
    if ((count + 1) % PROGRESS_PROGRAMS === 0) console.log(`${count + 1} programs …`);
  }
  return tally;
}

if (isMain(import.meta.url))
  await runScript(async () => {
    const programs = option('programs', 100_000);
    const { scripts, buffers, completed, instructions } = await fuzzEvaluator(programs, option('seed', 1));
    console.log(
      `${programs} random programs (${scripts} compiled scripts, ${buffers} raw buffers; ${completed} runs to the end, ` +
        `${instructions} instructions): interpreter and WebAssembly never differ.`,
    );
  });
