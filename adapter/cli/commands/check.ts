import type { Command } from 'commander';
import { checkCommandFile } from '../../../script-engine/command-file/check';
import type { Diagnostic, Severity } from '../../../script-engine/diagnostic';
import { CliError, EXIT } from '../cli-error';
import { printJson, printLine, say } from '../console-io';
import {
  counted,
  type DiagnosticJson,
  diagnosticsJson,
  hasErrors,
  sayDiagnostics,
} from '../diagnostic-report';
import { readBeside, readTextFile } from '../input-file';

/** `hds check`: diagnostics of whole files (cli.md). */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('show what is wrong with scripts')
    .argument('<file...>', 'HyperDbg scripts (.hds)')
    .option('--json', 'print the diagnostics as JSON')
    .action((files: string[], options: { json?: true }) => {
      process.exitCode = check(files, options.json === true);
    });
}

function check(files: readonly string[], asJson: boolean): number {
  const reports: { file: string; diagnostics: DiagnosticJson[] }[] = [];
  let exitStatus: number = EXIT.done;
  const found: Diagnostic[] = [];
  for (const file of files) {
    let text: string;
    try {
      text = readTextFile(file);
    } catch (error) {
      // The other files are still worth checking.
      if (!(error instanceof CliError)) throw error;
      say(`hds check: ${error.message}`);
      exitStatus = error.exitStatus;
      continue;
    }
    const diagnostics = checkCommandFile(text, { readFile: (name) => readBeside(file, name) });
    found.push(...diagnostics);
    if (exitStatus === EXIT.done && hasErrors(diagnostics)) exitStatus = EXIT.failed;
    if (asJson) reports.push({ file, diagnostics: diagnosticsJson(file, text, diagnostics) });
    else sayDiagnostics(file, text, diagnostics);
  }
  if (asJson) printJson(reports);
  else if (exitStatus === EXIT.done || found.length > 0) printLine(summaryOf(found, files.length));
  return exitStatus;
}

/** Information and hints are no problems. */
function summaryOf(diagnostics: readonly Diagnostic[], fileCount: number): string {
  const count = (wanted: Severity): number =>
    diagnostics.filter(({ severity }) => severity === wanted).length;
  const problems = [
    ...(count('error') > 0 ? [counted(count('error'), 'error')] : []),
    ...(count('warning') > 0 ? [counted(count('warning'), 'warning')] : []),
  ];
  const checked = `${counted(fileCount, 'file')} checked`;
  return problems.length === 0 ? `${checked}, no problems` : `${checked}: ${problems.join(', ')}`;
}
