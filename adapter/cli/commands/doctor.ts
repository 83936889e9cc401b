import type { Command } from 'commander';
import { examine } from '../../doctor/checks';
import { gatherFacts } from '../../doctor/facts';
import { EXIT } from '../cli-error';
import { printJson, printLine } from '../console-io';

/** `hds doctor`: what this computer can do, and what to do where it cannot (cli.md). */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('say what this computer can do for debugging, and what to do where something is missing')
    .option('--json', 'the findings as a JSON array')
    .action(async ({ json }: { readonly json?: true }) => {
      const findings = examine(await gatherFacts());
      if (json === true) printJson(findings);
      else for (const { name, verdict, text } of findings) printLine(`${verdict.padEnd(8)}${name}: ${text}`);
      process.exitCode = findings.some(({ verdict }) => verdict === 'bad') ? EXIT.machineLacks : EXIT.done;
    });
}
