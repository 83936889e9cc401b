/** Answers of the language server about one event, in words. */

export type DryRunResult =
  | {
      readonly kind: 'done';
      readonly output: string;
      /** In hexadecimal. */
      readonly registers: Readonly<Record<string, string>>;
      readonly operations: number;
      /** `line` from 0. */
      readonly error?: { readonly text: string; readonly line: number };
    }
  | { readonly kind: 'refused'; readonly message: string };

export type VerificationResult =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly message: string; readonly code?: string }
  | { readonly kind: 'unavailable'; readonly message: string };

/** A notification shows no more. */
const MAX_OUTPUT_CHARACTERS = 300;

interface Report {
  readonly isGood: boolean;
  readonly text: string;
}

export function dryRunText(result: DryRunResult): Report {
  if (result.kind === 'refused') return { isGood: false, text: result.message };
  const { output, registers, operations, error } = result;
  const changed = Object.entries(registers).map(([name, value]) => `${name} = 0x${value}`);
  const parts = [
    output === '' ? 'prints nothing' : `prints ${JSON.stringify(shortened(output))}`,
    ...(changed.length === 0 ? [] : [`sets ${changed.join(', ')}`]),
    `takes ${operations} operations`,
    ...(error === undefined ? [] : [`ends with an error in line ${error.line + 1}: ${error.text.trim()}`]),
  ];
  return {
    isGood: error === undefined,
    text: `On sample registers, all of them 0, the script ${parts.join('; ')}.`,
  };
}

function shortened(text: string): string {
  return text.length > MAX_OUTPUT_CHARACTERS ? `${text.slice(0, MAX_OUTPUT_CHARACTERS)}…` : text;
}

export function verificationText(result: VerificationResult): Report {
  switch (result.kind) {
    case 'accepted':
      return { isGood: true, text: 'The driver accepts this event on that guest.' };
    case 'refused':
      return {
        isGood: false,
        text: result.code === undefined ? result.message : `${result.message} (${result.code})`,
      };
    case 'unavailable':
      return { isGood: false, text: result.message };
  }
}
