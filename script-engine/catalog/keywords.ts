/** Reserved words and operators of the script language (script-language 2). */

export const statementKeywords = [
  'if',
  'elsif',
  'else',
  'while',
  'do',
  'for',
  'break',
  'continue',
  'return',
  'struct',
  'typedef',
  'sizeof',
  '#include',
] as const;

export const typeKeywords = [
  'void',
  'bool',
  'char',
  'short',
  'int',
  'long',
  'unsigned',
  'signed',
  'float',
  'double',
] as const;

/** Spellings of upstream's internal terminals: they scan as keywords, so no name can be one of them (script-language 2.5). */
export const internalTerminals: ReadonlySet<string> = new Set([
  '_binary',
  '_decimal',
  '_float',
  '_function_id',
  '_function_parameter_id',
  '_global_id',
  '_hex',
  '_local_id',
  '_octal',
  '_pseudo_register',
  '_register',
  '_script_variable_type',
  '_string',
  '_wstring',
]);

/** Limits of a script (script-language 11). */
export const scriptLimits = {
  maxStackSlots: 256,
  maxExecutedInstructions: 1000000,
  maxGlobalVariables: 512,
  maxTempsPerFunction: 128,
  printfOutputBytes: 4096,
  maxStructInitializers: 64,
  maxNestedLogicalOperators: 16,
  maxNestedSizeof: 16,
  maxStructArrayDimensions: 16,
  memcpyChunkBytes: 64,
  includePathBytes: 1024,
  hwdbgTestPins: 500,
  initialSymbolBufferSlots: 64,
} as const;
