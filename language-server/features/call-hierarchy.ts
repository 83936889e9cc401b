/** Who calls a function of a script, and whom it calls. Functions live in one script; its main program is its command. */

import {
  type CallHierarchyIncomingCall,
  type CallHierarchyItem,
  type CallHierarchyOutgoingCall,
  SymbolKind,
} from 'vscode-languageserver';
import { movedCommand } from '../../script-engine/command-file/moved';
import type { Command } from '../../script-engine/command-file/command-file';
import { atPosition, type Feature, inDocument } from '../feature';
import { DocumentNames, type DocumentUse } from '../names/document-names';
import type { ScriptDocument } from '../open-documents';
import { rangeOf, touches } from '../ranges';

/** What an item names: a function of a script, or the main program with an empty name. */
interface Subject {
  readonly command: number;
  readonly script: number;
  readonly name: string;
}

/** The function whose name or call the cursor is on. */
export function prepareCallHierarchy(document: ScriptDocument, offset: number): CallHierarchyItem[] {
  const use = DocumentNames.of(document.checked).useAt(offset);
  if (use?.kind !== 'function') return [];
  return itemOf(document, { command: use.command, script: use.script, name: use.name });
}

/** Calls of the function. */
export function incomingCalls(
  document: ScriptDocument,
  item: CallHierarchyItem,
): CallHierarchyIncomingCall[] {
  const subject = subjectIn(item);
  if (subject === undefined) return [];
  const calls = callsIn(document, subject).filter(({ name }) => name === subject.name);
  return grouped(calls, (call) => callerOf(document, call)).flatMap(([name, places]) =>
    itemOf(document, { ...subject, name }).map((from) => ({ from, fromRanges: rangesOf(document, places) })),
  );
}

/** Functions of the script that it calls. */
export function outgoingCalls(
  document: ScriptDocument,
  item: CallHierarchyItem,
): CallHierarchyOutgoingCall[] {
  const subject = subjectIn(item);
  if (subject === undefined) return [];
  const calls = callsIn(document, subject).filter((call) => callerOf(document, call) === subject.name);
  return grouped(calls, ({ name }) => name).flatMap(([name, places]) =>
    itemOf(document, { ...subject, name }).map((to) => ({ to, fromRanges: rangesOf(document, places) })),
  );
}

function callsIn({ checked }: ScriptDocument, { command, script }: Subject): DocumentUse[] {
  return DocumentNames.of(checked).uses.filter(
    (use) =>
      use.kind === 'function' && use.role === 'read' && use.command === command && use.script === script,
  );
}

function callerOf({ checked }: ScriptDocument, call: DocumentUse): string {
  return DocumentNames.of(checked).scopeAt(call.span.start);
}

function grouped(
  calls: readonly DocumentUse[],
  nameOf: (call: DocumentUse) => string,
): [string, DocumentUse[]][] {
  const groups = new Map<string, DocumentUse[]>();
  for (const call of calls) {
    const name = nameOf(call);
    groups.set(name, [...(groups.get(name) ?? []), call]);
  }
  return [...groups];
}

function rangesOf(document: ScriptDocument, places: readonly DocumentUse[]) {
  return places.map(({ span }) => rangeOf(document, span));
}

function itemOf(document: ScriptDocument, subject: Subject): CallHierarchyItem[] {
  const { uri } = document.text;
  if (subject.name === '') {
    const command = commandAt(document, subject.command);
    if (command === undefined) return [];
    return [
      {
        name: command.name,
        kind: SymbolKind.Event,
        uri,
        range: rangeOf(document, command.span),
        selectionRange: rangeOf(document, command.nameSpan),
        data: subject,
      },
    ];
  }
  const declared = DocumentNames.of(document.checked).uses.find(
    (use) =>
      use.kind === 'function' &&
      use.role === 'declaration' &&
      use.name === subject.name &&
      use.command === subject.command &&
      use.script === subject.script,
  );
  if (declared === undefined) return [];
  const { span, extent = span, detail = '' } = declared;
  const range = touches(extent, span.start) && touches(extent, span.end) ? extent : span;
  return [
    {
      name: subject.name,
      detail,
      kind: SymbolKind.Function,
      uri,
      range: rangeOf(document, range),
      selectionRange: rangeOf(document, span),
      data: subject,
    },
  ];
}

function commandAt({ checked }: ScriptDocument, index: number): Command | undefined {
  const placed = checked.placedCommands[index];
  return placed?.text.command && movedCommand(placed.text.command, placed.start - placed.text.readAt);
}

/** The `data` of an item went to the client and comes back from it. */
function subjectIn({ data }: CallHierarchyItem): Subject | undefined {
  const { command, script, name } = (
    typeof data === 'object' && data !== null ? data : {}
  ) as Partial<Subject>;
  if (typeof command !== 'number' || typeof script !== 'number' || typeof name !== 'string') return undefined;
  return { command, script, name };
}

export const callHierarchyFeature: Feature = {
  capabilities: () => ({ callHierarchyProvider: true }),
  serve(context) {
    const { callHierarchy } = context.connection.languages;
    callHierarchy.onPrepare((params) => atPosition(context, params, prepareCallHierarchy));
    callHierarchy.onIncomingCalls(({ item }) =>
      inDocument(context, item.uri, (document) => incomingCalls(document, item)),
    );
    callHierarchy.onOutgoingCalls(({ item }) =>
      inDocument(context, item.uri, (document) => outgoingCalls(document, item)),
    );
  },
};
