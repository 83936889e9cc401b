export interface HitCondition {
  readonly operator: '<' | '<=' | '==' | '>=' | '>' | '%';
  readonly count: number;
}

/** Reads `5`, `== 5`, `>= 5`, `% 5` (decimal, as other debuggers take it). Undefined for anything else. */
export function parseHitCondition(text: string): HitCondition | undefined {
  const match = /^\s*(<=|>=|==|=|<|>|%)?\s*(\d{1,9})\s*$/.exec(text);
  if (match === null) return undefined;
  const count = Number(match[2]);
  const operator = match[1] ?? '==';
  if (operator === '%' && count === 0) return undefined;
  return { operator: (operator === '=' ? '==' : operator) as HitCondition['operator'], count };
}
