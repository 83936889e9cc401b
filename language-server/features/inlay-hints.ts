/** What the text does not say: the base of numbers, the names of parameters, what a script costs. */

import { type InlayHint, InlayHintKind, type Range } from 'vscode-languageserver';
import { eventByCommand } from '../../script-engine/catalog/events';
import { functions } from '../../script-engine/catalog/functions';
import type { Span } from '../../script-engine/syntax/span';
import { callDataMask, NodeKind } from '../../script-engine/syntax/node-kind';
import { TokenKind, tokenText } from '../../script-engine/syntax/token-kind';
import { nodeSpan, NodeView, tokenSpan } from '../../script-engine/syntax/tree';
import { type Feature, inDocument } from '../feature';
import { DocumentNames, type DocumentUse } from '../names/document-names';
import { describeNumber, numberValue } from '../number-literal';
import type { ScriptDocument } from '../open-documents';
import { rangeOf, spanOf } from '../ranges';
import { type PlacedScript, placedScripts } from '../script-trees';
import { costText, scriptCost } from '../script-cost';
import { DEFAULT_SETTINGS, type Settings } from '../settings';

/** Greater numbers are addresses and masks, which nobody reads in decimal. */
const LARGEST_SHOWN = 0xfff_ffffn;

/** Hints of a range, as far as the settings want them. */
export function findInlayHints(
  document: ScriptDocument,
  range: Range,
  settings: Settings = DEFAULT_SETTINGS,
): InlayHint[] {
  const { start, end } = spanOf(document, range);
  const scripts = placedScripts(document, start, end);
  const numbers = settings.radixHints
    ? [...scripts.flatMap(scriptNumbers), ...commandNumbers(document)].flatMap((span) =>
        radixHint(document, span),
      )
    : [];
  const parameters = settings.parameterHints ? parameterHints(document, scripts) : [];
  const costs = settings.costHints ? costHints(document) : [];
  return [...numbers, ...parameters, ...costs].filter(({ position }) => {
    const at = document.text.offsetAt(position);
    return start <= at && at <= end;
  });
}

function scriptNumbers({ tree: { tokens }, inFile }: PlacedScript): Span[] {
  const spans: Span[] = [];
  for (let token = 0; token < tokens.count; token++) {
    const span = tokens.kinds[token] === TokenKind.Number ? inFile(tokenSpan(tokens, token)) : undefined;
    if (span !== undefined) spans.push(span);
  }
  return spans;
}

/** Numbers of event commands; those of `?` and `print` are numbers of scripts. */
function commandNumbers({ checked }: ScriptDocument): Span[] {
  return checked.file.commands
    .filter(({ name }) => eventByCommand(name) !== undefined)
    .flatMap(({ tokens }) => tokens.slice(1))
    .filter(({ kind, fromArgument }) => kind === 'number' && !fromArgument)
    .map(({ span }) => span);
}

/** Only of a number that looks decimal or could be one: its letters or its prefix say what it is. */
function radixHint(document: ScriptDocument, span: Span): InlayHint[] {
  const text = document.source.slice(span.start, span.end);
  if (!/^[0-9][0-9a-f`]+$/i.test(text)) return [];
  const value = numberValue(text);
  if (value === undefined || value < 10n || value > LARGEST_SHOWN) return [];
  return [
    {
      position: document.text.positionAt(span.end),
      label: `= 0n${value}`,
      paddingLeft: true,
      tooltip: { kind: 'markdown', value: describeNumber(value) },
      textEdits: [{ range: rangeOf(document, span), newText: `0n${value}` }],
    },
  ];
}

function parameterHints(document: ScriptDocument, scripts: readonly PlacedScript[]): InlayHint[] {
  const { uses } = DocumentNames.of(document.checked);
  return scripts.flatMap((script) =>
    callsOf(script).flatMap((call) => hintsOfCall(document, script, call, uses)),
  );
}

function callsOf({ tree }: PlacedScript): NodeView[] {
  const calls: NodeView[] = [];
  for (let node = 0; node < tree.nodes.count; node++) {
    const kind: NodeKind = tree.nodes.kinds[node] ?? 0;
    if (kind === NodeKind.Call || kind === NodeKind.UserCall) calls.push(new NodeView(tree, node));
  }
  return calls;
}

function hintsOfCall(
  document: ScriptDocument,
  script: PlacedScript,
  call: NodeView,
  uses: readonly DocumentUse[],
): InlayHint[] {
  const values = call.children();
  // Of a single argument the name of the function says enough.
  if (values.length < 2) return [];
  const names = parameterNames(script, call, uses);
  return values.flatMap((value, index) => {
    const name = names[index];
    const span = script.inFile(nodeSpan(value.tree, value.index));
    if (name === undefined || span === undefined || value.text === name) return [];
    return {
      position: document.text.positionAt(span.start),
      label: `${name}:`,
      kind: InlayHintKind.Parameter,
      paddingRight: true,
    };
  });
}

function parameterNames(
  { tree, command }: PlacedScript,
  call: NodeView,
  uses: readonly DocumentUse[],
): string[] {
  if (call.kind === NodeKind.Call) {
    const parameters = functions[call.data & callDataMask]?.parameters ?? [];
    return parameters.filter(({ kind }) => kind !== 'format' && kind !== 'variadic').map(({ name }) => name);
  }
  const called = tokenText(tree.tokens, tree.nodes.firstTokens[call.index] ?? 0);
  return uses
    .filter((use) => use.kind === 'parameter' && use.role === 'declaration')
    .filter((use) => use.owner === called && use.command === command)
    .map(({ name }) => name);
}

/** Behind the keyword of each script that runs for an event. */
function costHints(document: ScriptDocument): InlayHint[] {
  return document.checked.placedCommands.flatMap(({ text, start }) => {
    const block = text.command?.blocks.find(({ kind }) => kind === 'script');
    const cost = block && scriptCost(text);
    if (block === undefined || cost === undefined) return [];
    return {
      position: document.text.positionAt(block.keywordSpan.end + start - text.readAt),
      label: costText(cost),
      paddingLeft: true,
      tooltip: 'Each time the event fires, when every statement runs once.',
    };
  });
}

export const inlayHintsFeature: Feature = {
  capabilities: () => ({ inlayHintProvider: true }),
  serve(context) {
    const { connection } = context;
    connection.languages.inlayHint.on(({ textDocument, range }) =>
      inDocument(context, textDocument.uri, (document) => findInlayHints(document, range, context.settings)),
    );
    context.onSettings(() => {
      if (context.client.workspace?.inlayHint?.refreshSupport === true)
        void connection.languages.inlayHint.refresh();
    });
  },
};
