import { functions, type ScriptFunction } from '../catalog/functions';
import { scriptLimits } from '../catalog/keywords';
import { opcodes, SymbolKind } from '../catalog/opcodes';
import { UpstreamErrorCode } from '../catalog/upstream-errors';
import { aType, capital, isFloating, unsignedLongLongType } from '../semantics/types';
import { readString } from '../syntax/literal-value';
import { callAsStatement, callDataMask, callInCondition } from '../syntax/node-kind';
import { TokenKind } from '../syntax/token-kind';
import { AssignmentGenerator } from './assignment-generator';
import { Op } from './instruction-opcodes';
import { operandOf, returnValue, stackIndex, type Operand } from './operand';
import { readConversions, type Conversion } from './printf-format';

/** Upstream measures the text and keeps two bytes (script-language 8). */
const maxFormatBytes = scriptLimits.printfOutputBytes - 2;

/** Conversions of an address. */
const addressConversions: ReadonlySet<string> = new Set(['s', 'ws', 'ls', 'p', 'llx', 'llu']);

/** Functions whose instruction upstream's evaluator takes for longer than it is. */
function losesItsPlace(entry: ScriptFunction): boolean {
  return entry.opcode === Op.EVENT_SC || entry.opcode === Op.EVENT_INJECT_ERROR_CODE;
}

/** Calls of built-in functions and of the script's own (script-language 6.7, 5.4, 8). */
export abstract class CallGenerator extends AssignmentGenerator {
  protected string(): void {
    const token = this.firstToken();
    this.push({ ...operandOf(SymbolKind.STRING, 0, 0, 0, undefined, this.node), stringToken: token });
  }

  protected call(): void {
    const data = this.data();
    const entry = functions[data & callDataMask];
    if (entry === undefined) return;
    // In statements upstream acts before it takes the `)`, in conditions after it.
    const end = this.endToken();
    const beforeParen = (data & callInCondition) === 0 && this.tokenKind(end - 1) === TokenKind.CloseParen;
    const token = beforeParen ? end - 1 : end;
    if (entry.functionClass === 'VarArgFunc1') return this.#printf(token);
    const parameters: Operand[] = [];
    for (let i = 0; i < entry.arity; i++) parameters.unshift(this.pop());
    const first = parameters[0];
    if (first !== undefined && entry.name === 'reference') return this.reference(first, token);
    const usable = parameters.filter((operand) => this.resolved(operand, token)).length === parameters.length;
    if (first !== undefined && usable && entry.name === 'neg') return this.negate(first, token);
    if (first !== undefined && usable && entry.name === 'not') return this.complement(first, token);
    if (first !== undefined && this.safe && (entry.opcode === Op.HI_PA || entry.opcode === Op.LOW_PA))
      return this.#halfOfPhysical(entry.opcode === Op.HI_PA, entry.name, first, usable, token);
    this.checkCall(entry);
    if (!entry.returnsValue) {
      this.emit(entry.opcode, ...parameters.toReversed());
      if (this.safe && losesItsPlace(entry)) this.#fillUp(entry);
      // The temp of a lone argument is never freed (script-language 6.7).
      if (parameters.length > 1) for (const operand of parameters) this.free(operand);
      return;
    }
    const result = this.newTemp(unsignedLongLongType, token);
    this.emit(entry.opcode, ...parameters.toReversed(), result);
    for (const operand of parameters) this.free(operand);
    this.push(usable ? result : { ...result, broken: true });
  }

  /** Warns about functions that do not work. */
  protected checkCall(entry: ScriptFunction): void {
    if (opcodes[entry.opcode]?.implementedUpstream === false)
      this.warn(
        'function-not-implemented',
        `\`${entry.name}\` compiles, but no HyperDbg can run it; use \`poi_pa\` and a shift.`,
      );
    else if (losesItsPlace(entry) && !this.safe)
      this.inform(
        'function-breaks-script',
        `A real HyperDbg 0.23 loses its place in the script after \`${entry.name}\`; make it the last statement.`,
      );
  }

  /**
   * Upstream's evaluator takes one slot more than the parser emits (script-language 13 #5). The slot holds an instruction
   * without operands that does nothing, so an evaluator that counts right is not harmed.
   */
  #fillUp(entry: ScriptFunction): void {
    this.emit(Op.EVENT_TRACE_STEP_OUT);
    this.avoided(`HyperDbg 0.23 loses its place in the script after \`${entry.name}\``);
  }

  /** `hi_pa` and `low_pa`, which no evaluator has, by reads that all have. */
  #halfOfPhysical(high: boolean, name: string, address: Operand, usable: boolean, token: number): void {
    const result = this.newTemp(unsignedLongLongType, token);
    this.emit(high ? Op.DD_PA : Op.DW_PA, address, result);
    if (high) this.emit(Op.ASR, 16, result, result);
    this.free(address);
    this.avoided(`No HyperDbg can run \`${name}\``);
    this.push(usable ? result : { ...result, broken: true });
  }

  /** The result of a value function that is a statement: it stays in its temp (script-language 6.7). */
  protected callStatement(): void {
    this.pop();
  }

  #printf(token: number): void {
    const firstNode = this.nodes.firstNodes[this.node] ?? this.node;
    const formatToken = this.firstToken(firstNode);
    const parameters: Operand[] = [];
    while (this.operands.length > 0) {
      const operand = this.pop();
      if (operand.node <= firstNode && operand.stringToken !== undefined) break;
      if (operand.node < firstNode) {
        this.push(operand);
        break;
      }
      parameters.unshift(operand);
    }
    const start = this.tokens.starts[formatToken] ?? 0;
    const end = this.tokens.ends[formatToken] ?? 0;
    const encoding = this.options.encoding ?? 'utf8';
    const format = readString(this.tokens.source, start, end, encoding);
    const conversions = readConversions(format);
    if (conversions.length !== parameters.length)
      this.fail(
        UpstreamErrorCode.SYNTAX,
        'printf-arguments',
        `The format takes ${conversions.length} value(s) and gets ${parameters.length}. HyperDbg knows %d %i %u %o %x, ` +
          'the same with l, ll or h, and %c %p %s %ws %ls %f; widths such as %5d are plain text.',
        { start, end },
        token,
      );
    if (format.length - 1 > maxFormatBytes)
      this.warn(
        'printf-too-long',
        `A printf makes at most ${maxFormatBytes} characters; this format alone has ${format.length - 1}. Split it.`,
        { start, end },
      );
    for (const operand of parameters) this.resolved(operand, token);
    if (this.safe) this.#aggregatesByAddress(parameters, conversions);
    parameters.forEach((operand, i) => this.#checkConversion(operand, conversions[i]?.text));
    this.buffer.opcode(Op.PRINTF);
    this.buffer.string(SymbolKind.STRING, format);
    this.buffer.argumentCount(parameters.length);
    parameters.forEach((operand, i) => {
      this.emitOperand(operand, (conversions[i]?.offset ?? 0) - 1);
      this.free(operand);
    });
  }

  /** Upstream prints a local array or struct as 0 (script-language 8); its address is what `%s` and `%p` want. */
  #aggregatesByAddress(parameters: Operand[], conversions: readonly Conversion[]): void {
    parameters.forEach((operand, i) => {
      const { type } = operand;
      const takesAddress = addressConversions.has(conversions[i]?.text ?? '');
      if (!takesAddress || operand.isAddress || (type?.kind !== 'array' && type?.kind !== 'struct')) return;
      this.avoided('HyperDbg 0.23 takes 0 for an array or struct in a printf', operand);
      const address = { ...this.newTemp(unsignedLongLongType), node: operand.node };
      this.emit(Op.MOV, operand, address);
      parameters[i] = address;
    });
  }

  #checkConversion(operand: Operand, conversion: string | undefined): void {
    if (conversion === undefined) return;
    const { type } = operand;
    if (type?.kind === 'array' || type?.kind === 'struct')
      this.warn(
        'printf-aggregate',
        `${capital(aType(type))} prints as 0 here; print one of its elements or members.`,
        operand,
      );
    else if (isFloating(type) !== (conversion === 'f') && operand.broken !== true && type !== undefined)
      this.warn(
        'printf-type',
        isFloating(type)
          ? `${capital(aType(type))} needs \`%f\`; with \`%${conversion}\` the script fails when it runs.`
          : `\`%f\` needs a float or double; with ${aType(type)} the script fails when it runs.`,
        operand,
      );
  }

  protected userCall(): void {
    const data = this.data();
    const count = data & callDataMask;
    const parameters: Operand[] = [];
    for (let i = 0; i < count; i++) parameters.unshift(this.pop());
    const isStatement = (data & callAsStatement) !== 0;
    const name = this.text(this.firstToken());
    const target = this.names.functions.get(name);
    const usable = parameters.filter((operand) => this.resolved(operand)).length === count;
    if (target === undefined || !usable) {
      if (!isStatement) this.push(this.brokenOperand());
      return;
    }
    if (target.parameterCount !== count)
      this.fail(
        UpstreamErrorCode.SYNTAX,
        'wrong-argument-count',
        `\`${name}\` takes ${target.parameterCount} argument(s) and gets ${count}.`,
      );
    // Arguments stay in their temps: upstream never frees them.
    for (const operand of parameters.toReversed()) this.emit(Op.PUSH, operand);
    this.emit(Op.CALL, target.address);
    this.emit(Op.SUB, count, stackIndex, stackIndex);
    if (isStatement) return;
    if (target.returnType?.kind === 'void')
      this.fail(
        UpstreamErrorCode.VOID_FUNCTION_RETURNING_VALUE,
        'void-value',
        `\`${name}\` returns nothing, so it has no value; give it a return type or call it as a statement.`,
      );
    // A floating result loses its kind on the way (script-language 13).
    const result = { ...this.newTemp(target.returnType), len: 0 };
    this.emit(Op.MOV, returnValue, result);
    this.push(result);
  }
}
