import { SymbolKind } from '../catalog/opcodes';
import { scriptLimits } from '../catalog/keywords';
import { UpstreamErrorCode } from '../catalog/upstream-errors';
import type { Diagnostic } from '../diagnostic';
import { closeVariable, didYouMean } from '../syntax/suggestion';
import { newFunctionScope, type FunctionScope, type ScriptNames, type Variable } from '../semantics/scope';
import { sizeOf, unsignedLongLongType, valueKindOf, voidType, type ScriptType } from '../semantics/types';
import { readString, readWideString, type Halves } from '../syntax/literal-value';
import { NodeKind } from '../syntax/node-kind';
import { maxDiagnostics } from '../syntax/parser-core';
import type { Span } from '../syntax/span';
import { TokenKind, tokenText, type TokenTable } from '../syntax/token-kind';
import { nodeSpan, tokenSpan, type NodeTable, type SyntaxTree } from '../syntax/tree';
import type { CompileOptions } from './compile';
import { Op } from './instruction-opcodes';
import { isTemp, isUnresolved, numberOperand, operandOf, stackIndex, type Operand } from './operand';
import { SymbolBuffer } from './symbol-buffer';

/** Temps of one function: the lowest free number is handed out, and the numbers are wire format (script-language 6). */
export class TempPool {
  readonly used = new Uint8Array(scriptLimits.maxTempsPerFunction);
  /** 1 + the highest number ever handed out. */
  maximum = 0;
  /** The mistake of using too many has been reported. */
  exhausted = false;

  /** Takes all back. */
  release(): void {
    this.used.fill(0, 0, this.maximum);
  }
}

/** With so many in use there is something to say before the last one is taken. */
const manyTemps = scriptLimits.maxTempsPerFunction - 16;

/** The first mistake of meaning, as upstream would meet it. */
export interface Failure {
  /** The token upstream has scanned last. */
  readonly token: number;
  readonly code: number;
}

/** What all parts of the code generator share. */
export abstract class GeneratorCore {
  protected readonly tokens: TokenTable;
  protected readonly nodes: NodeTable;
  protected readonly buffer: SymbolBuffer;
  protected readonly operands: Operand[] = [];
  protected readonly types: (ScriptType | undefined)[] = [];
  protected readonly names: ScriptNames = { functions: new Map(), structs: new Map(), typedefs: new Map() };
  protected scope: FunctionScope = newFunctionScope('main', voidType, 0);
  /** Scopes of all functions, the main program first. */
  protected readonly scopes: FunctionScope[] = [this.scope];
  protected temps = new TempPool();
  /** The node acted on. */
  protected node = 0;
  protected readonly halves: Halves = { low: 0, high: 0 };
  readonly #nameTexts: (string | undefined)[];
  readonly #reportedNames = new Set<string>();
  #skipped: ReadonlySet<string> | undefined;
  readonly diagnostics: Diagnostic[] = [];
  failure: Failure | undefined;
  /** A symbol could not be resolved because nobody resolves symbols: no error, but no code either. */
  incomplete = false;
  /** Avoid the known faults of 0.23: same meaning, other bytes (script-language 13). */
  protected readonly safe: boolean;

  constructor(
    protected readonly tree: SyntaxTree,
    protected readonly options: CompileOptions,
  ) {
    this.tokens = tree.tokens;
    this.nodes = tree.nodes;
    this.safe = options.mode === 'safe';
    this.#nameTexts = new Array<string | undefined>(tree.tokens.nameCount).fill(undefined);
    this.buffer = new SymbolBuffer(tree.nodes.count * 4);
  }

  // ---- the tree

  /** The token behind a node: what upstream has scanned when it acts on the node. */
  protected endToken(node = this.node): number {
    return this.nodes.endTokens[node] ?? 0;
  }

  protected firstToken(node = this.node): number {
    return this.nodes.firstTokens[node] ?? 0;
  }

  protected data(node = this.node): number {
    return this.nodes.data[node] ?? 0;
  }

  protected tokenKind(token: number): TokenKind {
    return this.tokens.kinds[token] ?? TokenKind.End;
  }

  protected text(token: number): string {
    const kind = this.tokenKind(token);
    if (kind !== TokenKind.Identifier && kind !== TokenKind.Global) return tokenText(this.tokens, token);
    const name = this.tokens.values[token] ?? 0;
    return (this.#nameTexts[name] ??= tokenText(this.tokens, token));
  }

  // ---- mistakes

  /** Reports a mistake; the first one decides upstream's answer. `token` is the last one upstream has scanned. */
  protected fail(
    upstreamCode: number,
    code: string,
    message: string,
    place: Operand | Span | number = this.node,
    token = this.endToken(),
  ): void {
    this.failure ??= { token, code: upstreamCode };
    const { stop } = this.tree;
    // Behind the first mistake of the grammar the tree is a guess: do not blame the author for it.
    if (stop !== undefined && token >= stop.token) return;
    this.#report({ code, severity: 'error', message, span: this.spanOf(place) });
  }

  #report(diagnostic: Diagnostic): void {
    if (this.diagnostics.length < maxDiagnostics) this.diagnostics.push(diagnostic);
  }

  protected warn(code: string, message: string, place: Operand | Span | number = this.node): void {
    this.#report({ code, severity: 'warning', message, span: this.spanOf(place) });
  }

  /** Something to know that is no mistake. */
  protected inform(code: string, message: string, place: Operand | Span | number = this.node): void {
    this.#report({ code, severity: 'information', message, span: this.spanOf(place) });
  }

  /** Tells that a fault of HyperDbg was avoided here. */
  protected avoided(fault: string, place: Operand | Span | number = this.node): void {
    this.inform('fault-avoided', `${fault}; other code with the same meaning was made here.`, place);
  }

  protected spanOf(place: Operand | Span | number): Span {
    if (typeof place === 'number') return nodeSpan(this.tree, place);
    if ('start' in place) return place;
    return nodeSpan(this.tree, place.node < 0 ? this.node : place.node);
  }

  protected tokenSpan(token: number): Span {
    return tokenSpan(this.tokens, token);
  }

  // ---- operands

  protected push(operand: Operand): void {
    this.operands.push(operand);
  }

  protected pop(): Operand {
    return this.operands.pop() ?? this.brokenOperand();
  }

  protected popType(): ScriptType | undefined {
    return this.types.pop();
  }

  protected brokenOperand(): Operand {
    return { ...numberOperand(0, this.node), broken: true };
  }

  /** False, and reported once, when nothing of that name exists. */
  protected resolved(operand: Operand, token = this.endToken()): boolean {
    if (operand.broken === true) return false;
    if (!isUnresolved(operand)) return true;
    const name = operand.unresolved ?? '';
    const code = UpstreamErrorCode.UNRESOLVED_VARIABLE;
    this.failure ??= { token, code };
    // One message a name, and none for a name whose definition may be in a statement that was not understood.
    const key = `${this.scope.name} ${name}`;
    if (this.#reportedNames.has(key) || this.#skippedNames().has(name)) return false;
    this.#reportedNames.add(key);
    const names = name.startsWith('.') ? this.options.globals.names() : this.scope.variables.keys();
    const close = this.diagnostics.length < maxDiagnostics ? closeVariable(name, names) : undefined;
    this.#report({
      code: 'undefined-variable',
      severity: 'error',
      message: `\`${name}\` has no value yet; assign it before it is read.${didYouMean(close)}`,
      span: this.spanOf(operand),
      ...(close === undefined
        ? {}
        : { fix: { title: `Write \`${close}\``, span: this.spanOf(operand), text: close } }),
    });
    return false;
  }

  /** Reports no use of a name any more: why it does not exist has been said. */
  protected forgive(name: string): void {
    this.#reportedNames.add(`${this.scope.name} ${name}`);
  }

  /** Names in statements that the parser skipped. */
  #skippedNames(): ReadonlySet<string> {
    if (this.#skipped !== undefined) return this.#skipped;
    const names = new Set<string>();
    if (this.tree.stop !== undefined) {
      for (let node = 0; node < this.nodes.count; node++) {
        if (this.nodes.kinds[node] !== NodeKind.Skipped) continue;
        for (let token = this.firstToken(node); token < this.endToken(node); token++) {
          const kind = this.tokenKind(token);
          if (kind === TokenKind.Identifier || kind === TokenKind.Global) names.add(this.text(token));
        }
      }
    }
    this.#skipped = names;
    return names;
  }

  // ---- temps

  /** The lowest free temp. */
  protected newTemp(type: ScriptType | undefined, token = this.endToken()): Operand {
    const { used } = this.temps;
    let index = 0;
    while (index < used.length && used[index] !== 0) index++;
    if (index === used.length) {
      if (!this.temps.exhausted)
        this.fail(
          UpstreamErrorCode.TEMP_LIST_FULL,
          'too-many-temporaries',
          `A function has ${scriptLimits.maxTempsPerFunction} temporaries, and calls as statements, \`print\` of an ` +
            'expression and `for` loops keep one each; split the script or move parts into functions.',
          this.node,
          token,
        );
      this.temps.exhausted = true;
      index--;
    }
    used[index] = 1;
    if (index >= this.temps.maximum) {
      this.temps.maximum = index + 1;
      if (this.temps.maximum === manyTemps)
        this.warn(
          'many-temporaries',
          `${manyTemps} of the ${scriptLimits.maxTempsPerFunction} temporaries of \`${this.scope.name}\` are taken here, ` +
            'and each `for` loop, `print` of an expression or call as a statement keeps one; move parts into functions.',
        );
    }
    return operandOf(SymbolKind.TEMP, index, 0, valueKindOf(type), type, this.node);
  }

  protected free(operand: Operand): void {
    if (isTemp(operand)) this.temps.used[operand.low] = 0;
  }

  // ---- instructions

  protected emit(opcode: number, ...operands: readonly (Operand | number)[]): void {
    this.buffer.opcode(opcode);
    for (const operand of operands) {
      if (typeof operand === 'number') this.buffer.number(operand);
      else this.emitOperand(operand);
    }
  }

  protected emitOperand(operand: Operand, position = 0): void {
    const token = operand.stringToken;
    if (token === undefined) {
      this.buffer.operand(operand, position);
      return;
    }
    const start = this.tokens.starts[token] ?? 0;
    const end = this.tokens.ends[token] ?? 0;
    const { source } = this.tokens;
    const encoding = this.options.encoding ?? 'utf8';
    if (this.tokenKind(token) === TokenKind.WideString)
      this.buffer.string(SymbolKind.WSTRING, readWideString(source, start, end, encoding));
    else this.buffer.string(SymbolKind.STRING, readString(source, start, end, encoding));
  }

  /** Emits a jump and returns the slot of its target, to be patched. */
  protected emitJump(opcode: number, condition?: Operand): number {
    this.buffer.opcode(opcode);
    const slot = this.buffer.count;
    this.buffer.number(0);
    if (condition !== undefined) this.buffer.operand(condition);
    return slot;
  }

  /** Lets a jump go to the next slot. */
  protected patchHere(slot: number): void {
    this.buffer.patchNumber(slot, this.buffer.count);
  }

  /** `ADD #size SI SI`: makes room for a frame; returns the slot of the size. */
  protected emitFrame(): number {
    this.buffer.opcode(Op.ADD);
    const slot = this.buffer.count;
    this.buffer.number(0);
    this.buffer.operand(stackIndex);
    this.buffer.operand(stackIndex);
    return slot;
  }

  // ---- variables

  /** Gives a name its slot or index; an existing one is only given the type. */
  protected define(name: string, token: number, type: ScriptType | undefined, implicit: boolean): Operand {
    if (name.startsWith('.')) return this.#defineGlobal(name, token, type, implicit);
    const known = this.scope.variables.get(name);
    if (known !== undefined) {
      known.type = known.place === 'parameter' ? undefined : type;
      known.implicit = implicit;
      return this.variableOperand(known);
    }
    const variable: Variable = {
      name,
      place: 'local',
      index: this.scope.localSlots,
      type,
      implicit,
      provenance: undefined,
      declaredAt: this.tokens.starts[token] ?? 0,
    };
    this.scope.variables.set(name, variable);
    this.scope.localSlots += Math.ceil((type === undefined ? 8 : sizeOf(type)) / 8);
    if (this.scope.name !== 'main' && (type?.kind === 'struct' || type?.kind === 'array'))
      this.#aggregateInFunction(this.tokenSpan(token));
    return this.variableOperand(variable);
  }

  /** Upstream takes the address of such a variable with the frame of the main program (script-language 13 #8). */
  #aggregateInFunction(place: Span): void {
    const fault = 'HyperDbg 0.23 lets arrays and structs of a function overlap other variables';
    if (this.safe) this.avoided(fault, place);
    else this.warn('aggregate-in-function', `${fault}; declare it outside the function.`, place);
  }

  #defineGlobal(name: string, token: number, type: ScriptType | undefined, implicit: boolean): Operand {
    const global = this.options.globals.define(name, type ?? unsignedLongLongType, implicit);
    if (global === undefined) {
      this.fail(
        UpstreamErrorCode.SYNTAX,
        'too-many-globals',
        `All ${scriptLimits.maxGlobalVariables} global variables of this debugger are taken; use a local one.`,
        this.tokenSpan(token),
      );
      return this.brokenOperand();
    }
    return this.globalOperand(name) ?? this.brokenOperand();
  }

  protected globalOperand(name: string): Operand | undefined {
    const global = this.options.globals.get(name);
    if (global === undefined) return undefined;
    return {
      ...operandOf(SymbolKind.GLOBAL_ID, global.index, 0, valueKindOf(global.type), global.type, this.node),
      variable: { ...global, place: 'global', provenance: undefined, declaredAt: -1 },
    };
  }

  protected variableOperand(variable: Variable): Operand {
    const { type } = variable;
    const parameter = variable.place === 'parameter';
    const aggregate = type?.kind === 'struct' || type?.kind === 'array';
    const kind = parameter
      ? SymbolKind.FUNCTION_PARAMETER_ID
      : aggregate
        ? SymbolKind.REFERENCE_LOCAL_ID
        : SymbolKind.LOCAL_ID;
    return {
      ...operandOf(kind, variable.index, 0, valueKindOf(type), type, this.node),
      variable,
      provenance: variable.provenance,
    };
  }
}
