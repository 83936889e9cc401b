/** What follows `--guest PROGRAM` belongs to the guest program, options and all, so it is cut off before parsing (cli.md). */

export interface GuestArguments {
  readonly program: string;
  readonly args: readonly string[];
}

export interface SplitArguments {
  /** What is ours to parse. */
  readonly own: readonly string[];
  /** Undefined when no `--guest PROGRAM` was given. */
  readonly guest: GuestArguments | undefined;
}

export function splitGuestArguments(args: readonly string[]): SplitArguments {
  const at = args.findIndex((argument) => argument === '--guest' || argument.startsWith('--guest='));
  if (at < 0) return { own: args, guest: undefined };
  const inSameWord = args[at] === '--guest' ? [] : [(args[at] ?? '').slice('--guest='.length)];
  const [program, ...rest] = [...inSameWord, ...args.slice(at + 1)];
  return {
    own: args.slice(0, at),
    guest: program === undefined || program === '' ? undefined : { program, args: rest },
  };
}
