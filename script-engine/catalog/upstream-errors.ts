/** Upstream's texts for the first error of a script (script-language 12.1); compatibility mode reports them. */

/** Index = upstream's error code. */
export const upstreamErrorTexts: readonly string[] = [
  '',
  'Syntax Error: Invalid Syntax',
  'Syntax Error: Unknown Token',
  'Syntax Error: Unresolved Variable',
  'Syntax Error: Unhandled Semantic Rule',
  'Internal Error: Please split the expression to many smaller expressions.',
  'Undefined Function',
  'Undefined Variable Type',
  'Returning a value in void function',
  'Not returning a value in noo-void function',
  'Unknown struct tag',
  'Incomplete struct type cannot be used by value',
  'Duplicate struct definition',
  'Duplicate struct member',
  'Duplicate typedef name',
  'Invalid or overflowing array size',
  'Invalid floating-point literal',
  'Floating-point literal is out of range',
  'Unsupported floating-point operation',
];

/** Codes of `upstreamErrorTexts`. */
export const UpstreamErrorCode = {
  FREE: 0,
  SYNTAX: 1,
  UNKNOWN_TOKEN: 2,
  UNRESOLVED_VARIABLE: 3,
  UNHANDLED_SEMANTIC_RULE: 4,
  TEMP_LIST_FULL: 5,
  UNDEFINED_FUNCTION: 6,
  UNDEFINED_VARIABLE_TYPE: 7,
  VOID_FUNCTION_RETURNING_VALUE: 8,
  NON_VOID_FUNCTION_NOT_RETURNING_VALUE: 9,
  UNKNOWN_STRUCT_TAG: 10,
  INCOMPLETE_TYPE: 11,
  DUPLICATE_STRUCT_DEFINITION: 12,
  DUPLICATE_STRUCT_MEMBER: 13,
  DUPLICATE_TYPEDEF: 14,
  INVALID_ARRAY_SIZE: 15,
  INVALID_FLOAT_LITERAL: 16,
  FLOAT_OUT_OF_RANGE: 17,
  UNSUPPORTED_FLOAT_OPERATION: 18,
} as const;

export type UpstreamErrorCode = (typeof UpstreamErrorCode)[keyof typeof UpstreamErrorCode];
