/**
 * Kinds of nodes. A tree is stored in post-order, so the compiler walks it from the first node to the last and acts on
 * each: that is upstream's order of actions. Nodes named `…Head`, `…Mark` and `Target…` exist for that order.
 * "Data" says what the number kept with a node means.
 */
export const enum NodeKind {
  // Expressions: each leaves one operand.
  /** An expression that is not there; an error stands beside it. */
  Missing,
  Number,
  Float,
  /** Data: 1 in a condition. */
  SymbolName,
  Name,
  Register,
  PseudoRegister,
  String,
  /** Data: the operator's token kind. */
  Binary,
  /** Left side of `&&` or `||`. Data: the operator's token kind. */
  LogicalLeft,
  /** Data: the operator's token kind. */
  Logical,
  /** Data: the operator's token kind. */
  Unary,
  Paren,
  /** After a TypeName. */
  Cast,
  /** `sizeof`: what follows leaves no code. No operand. */
  SizeofMark,
  SizeofExpression,
  SizeofType,
  /** Data: 1 for `->`. */
  Member,
  /** Data: number of indexes. */
  Index,
  /** Data: index of the function, plus `callInCondition` in a condition. Leaves an operand unless it returns nothing. */
  Call,
  /** Data: number of arguments, plus `callInCondition` in a condition, plus `callAsStatement` as a statement. */
  UserCall,

  // Left sides of assignments: each leaves one operand.
  TargetName,
  TargetMember,
  TargetIndex,

  // Types: each leaves one type.
  /** Words of a type. Data: number of stars. */
  TypeName,
  /** `struct NAME`. Data: number of stars. */
  StructTypeName,

  // Statements.
  /** Target and values. Data: number of values. */
  Assign,
  /** Data: the operator's token kind. */
  CompoundAssign,
  /** Data: PlusPlus or MinusMinus. */
  IncrementDecrement,
  /** `*p = value` */
  DereferenceAssign,
  /** Type, target and values. Data: number of values. */
  Declaration,
  /** The initialiser of an array begins. */
  ArrayHead,
  /** One `[number]`. */
  Dimension,
  InitializerList,
  /** Type, target, dimensions, ArrayHead, values. Data: number of dimensions. */
  ArrayDeclaration,
  /** A value-returning function used as a statement. */
  CallStatement,
  Return,
  Break,
  Continue,
  Include,
  /** A step of a `for` that does nothing; upstream's generator breaks on it. */
  BareStep,
  Typedef,

  StructForward,
  /** `struct NAME {` */
  StructHead,
  /** One name with stars and at most one `[number]`. Data: number of stars, plus `declaratorArray`. */
  Declarator,
  /** Type and declarators. Data: number of declarators. */
  StructMember,
  StructDefinition,
  /** The type of the declarators that follow: after `struct NAME` or `struct NAME { … }`. */
  StructVariablesHead,
  StructVariable,
  StructInitializerHead,
  /** Data: 1 when it has nested braces. */
  StructInitializer,
  /** `= (struct NAME *) expression` */
  StructPointerInitializer,
  StructStatement,

  // Functions and control flow.
  /** One parameter, after its type. Data: number of stars. */
  Parameter,
  /** Everything before the `{` of a function. Data: number of parameters. */
  FunctionHead,
  Function,
  /** Condition of `if`. */
  IfCondition,
  /** Condition of `elsif`. */
  ElsifCondition,
  /** A block after a condition of `if` or `elsif`. */
  IfBody,
  If,
  WhileMark,
  WhileCondition,
  While,
  DoMark,
  DoWhile,
  /** After the initialiser of a `for`. */
  ForInitMark,
  ForCondition,
  ForStep,
  For,
  Block,
  /** Tokens that no rule takes; an error stands beside it. */
  Skipped,
  Program,
}

/** Added to the data of calls. */
export const callInCondition = 0x1000;
export const callAsStatement = 0x2000;
export const callDataMask = 0xfff;
/** Added to the data of a Declarator that has a dimension. */
export const declaratorArray = 0x1000;
