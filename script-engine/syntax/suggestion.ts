import { functions } from '../catalog/functions';
import { typeKeywords } from '../catalog/keywords';
import { pseudoRegisters } from '../catalog/pseudo-registers';
import { registers } from '../catalog/registers';
import { closestName } from '../catalog/closest-name';

/** Names of a script that are looked through for the one that was meant. */
export const maxNames = 1000;

/** What to say about an `@name` or `$name` that does not exist. */
export interface UnknownRegister {
  readonly code: string;
  readonly message: string;
  /** What was probably meant, with its sign. */
  readonly name: string | undefined;
}

/** ` Did you mean …?`, or nothing when no name is close. */
export function didYouMean(name: string | undefined): string {
  return name === undefined ? '' : ` Did you mean \`${name}\`?`;
}

export function unknownRegister(text: string): UnknownRegister {
  const isPseudo = text.startsWith('$');
  const word = text.slice(1);
  // A register with the sign of a pseudo register, or the other way round.
  const other = isPseudo
    ? registers.find((register) => register.name === word.toLowerCase())
    : pseudoRegisters.find((register) => register.name === `$${word.toLowerCase()}`);
  const otherName = other === undefined ? undefined : isPseudo ? `@${other.name}` : other.name;
  const close = isPseudo
    ? closestName(
        text,
        pseudoRegisters.map((register) => register.name),
      )
    : closestName(
        word,
        registers.map((register) => register.name),
      );
  const name = otherName ?? (close === undefined ? undefined : isPseudo ? close : `@${close}`);
  const known = isPseudo
    ? `There is no pseudo register \`${text}\`; all are ${pseudoRegisters.map((each) => each.name).join(', ')}.`
    : `There is no register \`${text}\`; names are lower case, as \`@rax\`.`;
  return {
    code: isPseudo ? 'unknown-pseudo-register' : 'unknown-register',
    message: name === undefined ? known : `There is no \`${text}\`.${didYouMean(name)}`,
    name,
  };
}

/** The function that was probably meant: a built-in one or one of the script. */
export function closeFunction(name: string, ofScript: Iterable<string>): string | undefined {
  const distance = (known: string): number => Math.abs(known.length - name.length);
  const known = [...functions.map((entry) => entry.name), ...ofScript];
  // Letters swapped (`prinft`) are more likely than a letter too many.
  return closestName(
    name,
    known.sort((a, b) => distance(a) - distance(b)),
  );
}

/** The variable that was probably meant. */
export function closeVariable(name: string, known: Iterable<string>): string | undefined {
  const names: string[] = [];
  for (const each of known) {
    if (names.length === maxNames) break;
    names.push(each);
  }
  return closestName(name, names);
}

/** The type that was probably meant. */
export function closeType(name: string, ofScript: Iterable<string>): string | undefined {
  return closestName(name, [...typeKeywords, 'struct', 'typedef', ...ofScript]);
}
