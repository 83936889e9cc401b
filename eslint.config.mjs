import tseslint from 'typescript-eslint';

/**
 * The arrows of ARCHITECTURE.md, checked. Each room names what it must not import; everything else is allowed.
 * `koffi` has one importer (driver/native), so that a native crash has one place to be looked for.
 */
const rooms = {
  'script-engine': ['driver', 'adapter', 'language-server', 'extension'],
  driver: ['adapter', 'language-server', 'extension'],
  adapter: ['language-server', 'extension'],
  'language-server': ['adapter', 'extension'],
  extension: ['script-engine', 'driver', 'adapter', 'language-server'],
};

const otherRooms = (names) =>
  names.map((name) => ({
    group: [`**/${name}/**`],
    message: `This room does not import ${name} (ARCHITECTURE.md).`,
  }));

const koffiRule = { group: ['koffi', 'koffi/*'], message: 'Only driver/native imports koffi.' };
const fullScript = {
  group: ['vscode', 'vscode-*', '@vscode/*', 'koffi', 'node:*', 'fs', 'net', 'path'],
  message: 'script-engine is pure TypeScript: pass what it needs in as an interface.',
};
const evaluatorOnly = {
  regex: 'script-engine/(?!catalog/|evaluator/)',
  message: 'The driver uses only the evaluator and the catalog of script-engine.',
};

const restrict = (patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'node_modules/', 'test-output/'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      eqeqeq: 'error',
      'prefer-const': 'error',
    },
  },
  ...Object.entries(rooms).map(([room, forbidden]) => ({
    files: [`${room}/**/*.ts`],
    rules: restrict([
      ...otherRooms(forbidden),
      koffiRule,
      ...(room === 'script-engine' ? [fullScript] : []),
      ...(room === 'driver' ? [evaluatorOnly] : []),
    ]),
  })),
  { files: ['driver/native/**/*.ts'], rules: restrict([...otherRooms(rooms.driver), evaluatorOnly]) },
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly' } },
  },
);
