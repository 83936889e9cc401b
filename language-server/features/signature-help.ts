import { MarkupKind, type SignatureHelp } from 'vscode-languageserver';
import { functionByName, type ScriptFunction } from '../../script-engine/catalog/functions';
import { atPosition, type Feature } from '../feature';
import { placeAt } from '../cursor-place';
import { describeParameter, functionMarkdown, signatureOf } from '../function-text';
import type { ScriptDocument } from '../open-documents';

/** The function whose arguments are being typed. */
export function findSignatureHelp(document: ScriptDocument, offset: number): SignatureHelp | undefined {
  const place = placeAt(document, offset);
  if (place.kind !== 'script' || place.cursor.place === 'comment') return undefined;
  const { call } = place.cursor;
  const called = call && functionByName(call.functionName);
  if (call === undefined || called === undefined) return undefined;
  return {
    signatures: [
      {
        label: signatureOf(called),
        documentation: { kind: MarkupKind.Markdown, value: functionMarkdown(called) },
        parameters: called.parameters.map((parameter) => ({ label: describeParameter(parameter) })),
      },
    ],
    activeSignature: 0,
    activeParameter: parameterOf(called, call.argumentIndex),
  };
}

/** Every further argument of printf belongs to its last parameter. */
function parameterOf(called: ScriptFunction, argumentIndex: number): number {
  const isVariadic = called.parameters.at(-1)?.kind === 'variadic';
  return isVariadic ? Math.min(argumentIndex, called.parameters.length - 1) : argumentIndex;
}

export const signatureHelpFeature: Feature = {
  capabilities: () => ({ signatureHelpProvider: { triggerCharacters: ['(', ','] } }),
  serve(context) {
    context.connection.onSignatureHelp((params) => atPosition(context, params, findSignatureHelp));
  },
};
