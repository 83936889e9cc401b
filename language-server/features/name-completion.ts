/** What the script itself offers at a cursor: its variables, functions, types and members. */

import { type CompletionItem, CompletionItemKind } from 'vscode-languageserver';
import { definitionsIn, DocumentNames, type DocumentUse } from '../names/document-names';
import type { NameKind } from '../names/name-use';
import type { ScriptDocument } from '../open-documents';

/** Where names are asked for. */
export interface NamePlace {
  readonly document: ScriptDocument;
  readonly offset: number;
  /** Start of the command that the offset is in. */
  readonly commandStart: number;
  readonly all: readonly ScriptDocument[];
}

const ITEM_KINDS: Readonly<Record<NameKind, CompletionItemKind>> = {
  local: CompletionItemKind.Variable,
  parameter: CompletionItemKind.Variable,
  global: CompletionItemKind.Variable,
  function: CompletionItemKind.Function,
  struct: CompletionItemKind.Struct,
  type: CompletionItemKind.TypeParameter,
  member: CompletionItemKind.Field,
  output: CompletionItemKind.File,
};

/** Variables of the function that the cursor is in, functions and types of the script, globals of all open files. */
export function nameItems(place: NamePlace): CompletionItem[] {
  const scope = namesOf(place).scopeAt(place.offset);
  return [
    ...items(
      ownUses(place).filter(({ kind, owner }) => {
        if (kind === 'local' || kind === 'parameter') return owner === scope;
        return kind === 'function' || kind === 'type';
      }),
    ),
    ...globalItems(place),
  ];
}

/** Globals of all open files: they live in the session (script-language 11). */
export function globalItems({ all, offset, document }: NamePlace): CompletionItem[] {
  return items(
    all.flatMap((each) =>
      namesOf({ document: each }).uses.filter(
        ({ kind, span }) => kind === 'global' && !(each === document && isTyped(span, offset)),
      ),
    ),
  );
}

/** Names of structs, behind `struct`. */
export function structItems(place: NamePlace): CompletionItem[] {
  return items(ownUses(place).filter(({ kind, role }) => kind === 'struct' && role === 'declaration'));
}

/** Outputs that the file creates, in an `output` block. */
export function outputItems({ document }: NamePlace): CompletionItem[] {
  return items(
    namesOf({ document }).uses.filter(({ kind, role }) => kind === 'output' && role === 'declaration'),
  );
}

const CHAIN = /(\.?[A-Za-z_][\w!]*(?:(?:\.|->)[A-Za-z_]\w*)*)(?:\.|->)$/;

/** Members of what stands before the `.` or `->` that ends at `start`; undefined when none does. */
export function memberItems(place: NamePlace, start: number): CompletionItem[] | undefined {
  const before = place.document.source.slice(Math.max(place.commandStart, start - 200), start);
  const chain = CHAIN.exec(before)?.[1];
  if (chain === undefined) return undefined;
  const uses = ownUses(place);
  const [, head = '', tail = ''] = /^(\.?[^.-]+)(.*)$/.exec(chain) ?? [];
  const scope = namesOf(place).scopeAt(place.offset);
  let struct = uses.find(
    ({ name, leadsTo, kind, owner }) =>
      leadsTo !== undefined && name === head && kind !== 'member' && (kind === 'global' || owner === scope),
  )?.leadsTo;
  const members = uses.filter(({ kind, role }) => kind === 'member' && role === 'declaration');
  for (const name of tail.match(/\w+/g) ?? [])
    struct = members.find((member) => member.owner === struct && member.name === name)?.leadsTo;
  // Of a variable whose struct is not known, every member of the script can be meant.
  return items(struct === undefined ? members : members.filter(({ owner }) => owner === struct));
}

function namesOf({ document }: Pick<NamePlace, 'document'>): DocumentNames {
  return DocumentNames.of(document.checked);
}

/** Names of the cursor's command, without the one that is being typed. */
function ownUses(place: NamePlace): DocumentUse[] {
  const { document, commandStart, offset } = place;
  const end = document.checked.commandBefore(offset)?.span.end ?? offset;
  return namesOf(place).uses.filter(
    ({ span }) => span.start >= commandStart && span.end <= Math.max(end, offset) && !isTyped(span, offset),
  );
}

function isTyped(span: DocumentUse['span'], offset: number): boolean {
  return span.end === offset;
}

/** One item for each name. */
function items(uses: readonly DocumentUse[]): CompletionItem[] {
  const byName = new Map<string, DocumentUse[]>();
  for (const use of uses) byName.set(use.name, [...(byName.get(use.name) ?? []), use]);
  return [...byName].flatMap(([label, places]) => {
    const [definition] = definitionsIn(places);
    if (definition === undefined) return [];
    return {
      label,
      kind: ITEM_KINDS[definition.kind],
      detail: definition.detail ?? UNDECLARED[definition.kind] ?? definition.kind,
      // What the script has itself comes before the tables.
      sortText: ` ${label}`,
    };
  });
}

const UNDECLARED: Readonly<Partial<Record<NameKind, string>>> = {
  local: 'variable, unsigned 64 bits',
  global: 'global variable',
};
