import type { CallFrameRules } from './call-frame-table';
import type { DebugInfo } from './dwarf/debug-info';
import type { SourceLine } from './line-table';
import type { StructureLayout } from './pdb/structure-layout';

export interface LinkedRange {
  readonly name: string;
  /** As linked; add the module's bias for the address in the target. */
  readonly start: bigint;
  /** First address after it; undefined where nothing tells. */
  readonly end: bigint | undefined;
}

/** What one module's files say, whatever their format is. All addresses are as linked. */
export interface ModuleSymbols {
  readonly isPositionIndependent: boolean;
  readonly linkedBase: bigint;
  readonly sizeBytes: bigint;
  readonly functionCount: number;
  readonly hasLines: boolean;
  /** Addresses of a symbol; where a global and a static one share the name, of the global one. */
  addressesOf(name: string): readonly bigint[];
  /** Names of symbols that a pattern with `*` and `?` matches, sorted, at most `limit`. */
  namesMatching(pattern: string, limit: number): readonly string[];
  functionAt(address: bigint): LinkedRange | undefined;
  /** Start of the last function that begins at or before an address. */
  startAtOrBefore(address: bigint): bigint | undefined;
  variableAt(address: bigint): LinkedRange | undefined;
  isCode(address: bigint): boolean;
  callFrameAt(address: bigint): CallFrameRules | undefined;
  lineOf(address: bigint): SourceLine | undefined;
  /** Variables and types of the program, where its compiler has written them. */
  debugInfo?(): DebugInfo | undefined;
  /** A structure by name; only formats with a type reader of ours have any. */
  layoutOf?(name: string): StructureLayout | undefined;
  codeOf(file: string, line: number): { readonly linkedAddress: bigint; readonly line: number } | undefined;
}

/** A test for names: `*` is any text, `?` any one character, letters of either case. Linear in the length of the name. */
export function wildcard(pattern: string): (name: string) => boolean {
  const wanted = pattern.toLowerCase();
  return (name) => {
    const text = name.toLowerCase();
    let at = 0;
    let inPattern = 0;
    let star = -1;
    let resume = 0;
    while (at < text.length) {
      const letter = wanted[inPattern];
      if (letter === '*') {
        star = inPattern++;
        resume = at;
      } else if (letter !== undefined && (letter === '?' || letter === text[at])) {
        at++;
        inPattern++;
      } else if (star >= 0) {
        inPattern = star + 1;
        at = ++resume;
      } else return false;
    }
    while (wanted[inPattern] === '*') inPattern++;
    return inPattern === wanted.length;
  };
}

/** Names that match, sorted; takes the first `limit` ones it meets. */
export function matchingNames(names: Iterable<string>, pattern: string, limit: number): string[] {
  const matches = wildcard(pattern);
  const found = new Set<string>();
  for (const name of names) {
    if (found.size >= limit) break;
    if (matches(name)) found.add(name);
  }
  return [...found].sort();
}
