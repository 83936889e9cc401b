// The front end as the product has it.
import { loadBundle } from './bundle.mjs';

const modules = [
  'compiler/compile',
  'command-file/check',
  'command-file/checked-file',
  'compiler/global-table',
  'semantics/types',
  'syntax/lexer',
  'syntax/parser',
  'syntax/tree',
];

/** Bundles the front end into out/bench/ and loads it. */
export function loadFrontEnd() {
  return loadBundle(
    'front-end.cjs',
    modules.map((name) => `script-engine/${name}`),
  );
}
