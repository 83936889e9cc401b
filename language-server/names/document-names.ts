/** All names of a document, put together from those of its commands. */

import type { CheckedFile } from '../../script-engine/command-file/checked-file';
import { movedSpan } from '../../script-engine/command-file/moved';
import { touches } from '../ranges';
import { namesOf } from './command-names';
import type { NameUse, ScopeExtent } from './name-use';

/** A name at a place of a document. */
export interface DocumentUse extends NameUse {
  /** Which command it stands in. */
  readonly command: number;
}

export interface DocumentScope extends ScopeExtent {
  readonly command: number;
}

const known = new WeakMap<CheckedFile, DocumentNames>();

export class DocumentNames {
  readonly uses: readonly DocumentUse[];
  readonly scopes: readonly DocumentScope[];
  readonly #bySymbol = new Map<string, DocumentUse[]>();

  private constructor(checked: CheckedFile) {
    const uses: DocumentUse[] = [];
    const scopes: DocumentScope[] = [];
    checked.placedCommands.forEach(({ text, start }, command) => {
      const distance = start - text.readAt;
      const names = namesOf(text);
      for (const use of names.uses) uses.push({ ...movedUse(use, distance), command });
      for (const scope of names.scopes)
        scopes.push({ ...scope, span: movedSpan(scope.span, distance), command });
    });
    this.uses = uses;
    this.scopes = scopes;
    for (const use of uses) {
      const key = symbolOf(use);
      const list = this.#bySymbol.get(key);
      if (list === undefined) this.#bySymbol.set(key, [use]);
      else list.push(use);
    }
  }

  /** Put together once for each version of a document. */
  static of(checked: CheckedFile): DocumentNames {
    const before = known.get(checked);
    if (before !== undefined) return before;
    const names = new DocumentNames(checked);
    known.set(checked, names);
    return names;
  }

  /** The name that `offset` is in or at an end of. */
  useAt(offset: number): DocumentUse | undefined {
    return this.uses.find(({ span }) => touches(span, offset));
  }

  /** All places of the same thing, in the order of the text. */
  usesOf(symbol: string): readonly DocumentUse[] {
    return this.#bySymbol.get(symbol) ?? [];
  }

  /** Name of the function that `offset` is in; empty in the main program. */
  scopeAt(offset: number): string {
    return this.scopes.find(({ span }) => touches(span, offset))?.name ?? '';
  }
}

/** The same for the names of one thing. Globals and outputs live in the session, all else in one script. */
export function symbolOf(use: DocumentUse): string {
  if (isShared(use)) return `${use.kind} ${use.name}`;
  // `main` calls the script itself, and a parameter is a local of its function (script-language 11).
  const kind = use.kind === 'parameter' ? 'local' : use.kind;
  return `${kind} ${use.name} ${use.owner} ${use.command}:${use.script}`;
}

/** Whether other files can name the same thing. */
export function isShared({ kind }: NameUse): boolean {
  return kind === 'global' || kind === 'output';
}

/** Where a thing comes from: its declarations, else the first time it gets a value, else where it is first named. */
export function definitionsIn(uses: readonly DocumentUse[]): readonly DocumentUse[] {
  const declared = uses.filter(({ role }) => role === 'declaration');
  if (declared.length > 0) return declared;
  const first = uses.find(({ role }) => role !== 'read') ?? uses[0];
  return first === undefined ? [] : [first];
}

function movedUse(use: NameUse, distance: number): NameUse {
  if (distance === 0) return use;
  const span = movedSpan(use.span, distance);
  return use.extent === undefined
    ? { ...use, span }
    : { ...use, span, extent: movedSpan(use.extent, distance) };
}
