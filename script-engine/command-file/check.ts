/** Diagnostics of a whole command file, at once and without a target. */

import type { Diagnostic } from '../diagnostic';
import type { CheckOptions } from './checked-command';
import { CheckedFile } from './checked-file';

export type { CheckOptions } from './checked-command';

/** Commands, options, bytes and scripts of a file, in the order of the file; instructions of `asm` blocks are not checked. */
export function checkCommandFile(text: string, options: CheckOptions = {}): readonly Diagnostic[] {
  return CheckedFile.of(text, options).diagnostics;
}
