import type { Command } from 'commander';
import { CliError, EXIT } from '../cli-error';
import { printJson, printLine, say } from '../console-io';
import { readTextFile } from '../input-file';
import { runScriptTest, type ScriptTestReport } from '../script-test/run-script-test';

/** `hds test`: the tests that files carry in their headers (script-tests.md). */
export function addTestCommand(program: Command): void {
  program
    .command('test')
    .description('run the tests that scripts carry in their //@ headers, without a guest')
    .argument('<file...>', 'HyperDbg scripts (.hds)')
    .option('--json', 'print the results as JSON')
    .action(async (files: string[], options: { json?: true }) => {
      process.exitCode = await testFiles(files, options.json === true);
    });
}

async function testFiles(files: readonly string[], asJson: boolean): Promise<number> {
  const reports: ScriptTestReport[] = [];
  let unreadableStatus: number = EXIT.done;
  for (const file of files) {
    let text: string;
    try {
      text = readTextFile(file);
    } catch (error) {
      // The other tests are still worth running.
      if (!(error instanceof CliError)) throw error;
      say(`hds test: ${error.message}`);
      unreadableStatus = error.exitStatus;
      continue;
    }
    const report = await runScriptTest(file, text);
    reports.push(report);
    if (!asJson) sayReport(report);
  }
  const counts = countOutcomes(reports);
  if (asJson) printJson(reports);
  else if (reports.length > 0) printLine(summaryOf(counts));
  if (unreadableStatus !== EXIT.done) return unreadableStatus;
  if (counts.failed > 0) return EXIT.failed;
  return counts.unavailable > 0 ? EXIT.machineLacks : EXIT.done;
}

/** A line for each expectation that failed; what this computer lacks is no result and goes to stderr. */
function sayReport({ file, failures, unavailable }: ScriptTestReport): void {
  for (const { line, text } of failures) printLine(`${file}:${line}: ${text}`);
  if (unavailable !== undefined) say(`${file}: not run: ${unavailable}`);
}

type OutcomeCounts = Readonly<Record<ScriptTestReport['outcome'], number>>;

function countOutcomes(reports: readonly ScriptTestReport[]): OutcomeCounts {
  const count = (outcome: ScriptTestReport['outcome']): number =>
    reports.filter((report) => report.outcome === outcome).length;
  return { passed: count('passed'), failed: count('failed'), unavailable: count('unavailable') };
}

function summaryOf({ passed, failed, unavailable }: OutcomeCounts): string {
  const notRun = unavailable > 0 ? `, ${unavailable} not run` : '';
  return `${passed} passed, ${failed} failed${notRun}`;
}
