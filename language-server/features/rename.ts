/** Renames what a name stands for, in every open file that shares it. */

import {
  ErrorCodes,
  type Range,
  ResponseError,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver';
import { atPosition, type Feature } from '../feature';
import { DocumentNames, type DocumentUse } from '../names/document-names';
import { nameFault } from '../names/new-name';
import type { ScriptDocument } from '../open-documents';
import { rangeOf } from '../ranges';
import { type DocumentUses, usesOfNameAt } from './navigation';

export type Renaming =
  | { readonly kind: 'edit'; readonly edit: WorkspaceEdit }
  /** The message says why, and what to do. */
  | { readonly kind: 'refused'; readonly message: string };

/** The name that would be renamed; undefined where none can be. */
export function prepareRename(
  document: ScriptDocument,
  offset: number,
): { range: Range; placeholder: string } | undefined {
  const use = DocumentNames.of(document.checked).useAt(offset);
  if (use === undefined || !isOurs(use, usesOfNameAt(document, offset, []))) return undefined;
  return { range: rangeOf(document, use.span), placeholder: use.name };
}

/** The edits of a rename, or why there are none. */
export function renameAt(
  document: ScriptDocument,
  offset: number,
  newName: string,
  all: readonly ScriptDocument[],
): Renaming {
  const use = DocumentNames.of(document.checked).useAt(offset);
  const places = usesOfNameAt(document, offset, all);
  if (use === undefined || !isOurs(use, places))
    return refused('Nothing here can be renamed; put the cursor on a name of the script.');
  if (newName === use.name) return { kind: 'edit', edit: { changes: {} } };
  const fault = nameFault(use.kind, newName) ?? conflict(use, newName, places, all);
  if (fault !== undefined) return refused(fault);
  const changes: Record<string, TextEdit[]> = {};
  for (const place of places) {
    changes[place.document.text.uri] = place.uses.map(({ span }) => ({
      range: rangeOf(place.document, span),
      newText: newName,
    }));
  }
  return { kind: 'edit', edit: { changes } };
}

function refused(message: string): Renaming {
  return { kind: 'refused', message };
}

/** A member of an unknown struct or a function, struct or type from elsewhere has places that are not seen here. */
function isOurs(use: DocumentUse, places: readonly DocumentUses[]): boolean {
  switch (use.kind) {
    case 'local':
    case 'parameter':
    case 'global':
    case 'output':
      return true;
    case 'function':
    case 'struct':
    case 'type':
    case 'member':
      return places.some(({ uses }) => uses.some(({ role }) => role === 'declaration'));
  }
}

function conflict(
  use: DocumentUse,
  newName: string,
  places: readonly DocumentUses[],
  all: readonly ScriptDocument[],
): string | undefined {
  const documents =
    use.kind === 'global' || use.kind === 'output' ? all : places.map((each) => each.document);
  for (const document of documents) {
    const other = DocumentNames.of(document.checked).uses.find(
      (each) => each.name === newName && clashes(use, each),
    );
    if (other === undefined) continue;
    const line = document.text.positionAt(other.span.start).line + 1;
    return `\`${newName}\` is the name of a ${KIND_TEXTS[other.kind]} already, in line ${line}; choose another name.`;
  }
  return undefined;
}

const KIND_TEXTS: Readonly<Record<DocumentUse['kind'], string>> = {
  local: 'variable',
  parameter: 'parameter',
  global: 'global variable',
  function: 'function',
  struct: 'struct',
  type: 'type',
  member: 'member',
  output: 'output',
};

/** Whether two things of the same name would be one, or hide one another (script-language 2.5, 11). */
function clashes(use: DocumentUse, other: DocumentUse): boolean {
  if (use.kind === 'global' || use.kind === 'output') return other.kind === use.kind;
  if (other.kind === 'global' || other.kind === 'output') return false;
  if (other.command !== use.command || other.script !== use.script) return false;
  // A word that is a function or a type is one everywhere in its script.
  if (WHOLE_SCRIPT.has(use.kind) || WHOLE_SCRIPT.has(other.kind)) return true;
  if (use.kind === 'struct' || other.kind === 'struct') return use.kind === other.kind;
  // A member that is named like a parameter is not recognised (script-language 2.5).
  if (use.kind === 'member' || other.kind === 'member')
    return use.kind === other.kind ? use.owner === other.owner : isParameter(use) || isParameter(other);
  return use.owner === other.owner;
}

const WHOLE_SCRIPT: ReadonlySet<DocumentUse['kind']> = new Set(['function', 'type']);

function isParameter({ kind }: DocumentUse): boolean {
  return kind === 'parameter';
}

export const renameFeature: Feature = {
  capabilities: (client) => ({
    renameProvider: client.textDocument?.rename?.prepareSupport === true ? { prepareProvider: true } : true,
  }),
  serve(context) {
    const { connection, documents } = context;
    connection.onPrepareRename((params) => atPosition(context, params, prepareRename));
    connection.onRenameRequest((params) =>
      atPosition(context, params, (document, offset) => {
        const renaming = renameAt(document, offset, params.newName, documents.all());
        if (renaming.kind === 'edit') return renaming.edit;
        return new ResponseError(ErrorCodes.InvalidParams, renaming.message);
      }),
    );
  },
};
