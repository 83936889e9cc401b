/** All features of the server. To add one, write its file and name it here. */

import type { Feature } from './feature';
import { callHierarchyFeature } from './features/call-hierarchy';
import { codeActionsFeature } from './features/code-actions';
import { codeLensFeature } from './features/code-lens';
import { commandsFeature } from './features/commands';
import { completionFeature } from './features/completion';
import { diagnosticsFeature } from './features/diagnostics';
import { documentLinksFeature } from './features/document-links';
import { documentSymbolsFeature } from './features/document-symbols';
import { foldingFeature } from './features/folding';
import { formattingFeature } from './features/formatting';
import { hoverFeature } from './features/hover';
import { inlayHintsFeature } from './features/inlay-hints';
import { navigationFeature } from './features/navigation';
import { renameFeature } from './features/rename';
import { selectionRangesFeature } from './features/selection-ranges';
import { semanticTokensFeature } from './features/semantic-tokens';
import { signatureHelpFeature } from './features/signature-help';
import { workspaceSymbolsFeature } from './features/workspace-symbols';

export const features: readonly Feature[] = [
  callHierarchyFeature,
  codeActionsFeature,
  codeLensFeature,
  commandsFeature,
  completionFeature,
  diagnosticsFeature,
  documentLinksFeature,
  documentSymbolsFeature,
  foldingFeature,
  formattingFeature,
  hoverFeature,
  inlayHintsFeature,
  navigationFeature,
  renameFeature,
  selectionRangesFeature,
  semanticTokensFeature,
  signatureHelpFeature,
  workspaceSymbolsFeature,
];
