/** Exit statuses of `hds` (cli.md). */
export const EXIT = {
  done: 0,
  /** The script or the run failed, as asked to report. */
  failed: 1,
  wrongUse: 2,
  /** This computer lacks something; the message says what and how to get it. */
  machineLacks: 3,
  /** As shells count it: 128 + SIGINT. */
  interrupted: 130,
} as const;

/** Ends the command with one sentence on stderr and an exit status. */
export class CliError extends Error {
  override readonly name = 'CliError';
  constructor(
    message: string,
    readonly exitStatus: number,
  ) {
    super(message);
  }
}

/** The user asked for something that cannot be; the message says what to give instead. */
export function wrongUse(message: string): CliError {
  return new CliError(message, EXIT.wrongUse);
}
