import { scriptLimits } from '../catalog/keywords';
import { UpstreamErrorCode } from '../catalog/upstream-errors';
import { newFunctionScope, type FunctionScope } from '../semantics/scope';
import { aType, isFloating, sizeOf, voidType } from '../semantics/types';
import { NodeKind } from '../syntax/node-kind';
import type { Span } from '../syntax/span';
import { AggregateGenerator } from './aggregate-generator';
import { TempPool } from './generator-core';
import { Op } from './instruction-opcodes';
import { returnValue, stackBase, stackIndex, type Operand } from './operand';

interface IfFrame {
  readonly kind: 'if';
  /** Jump to the next branch, waiting for its target. */
  next: number;
  readonly ends: number[];
}

interface LoopFrame {
  readonly kind: 'while' | 'do' | 'for';
  /** Slot of the condition, or of the body of `do`. */
  top: number;
  readonly exits: number[];
  /** Of a `for`: slot of the step, and the jump to the body that waits for its target. */
  step: number;
  body: number;
}

interface FunctionFrame {
  readonly scope: FunctionScope;
  readonly temps: TempPool;
  readonly returns: number[];
  /** The jump over the function. */
  readonly skip: number;
  readonly start: number;
  readonly frame: number;
  readonly nameToken: number;
}

/** Functions and control flow (script-language 5.4, 6.6). */
export abstract class FlowGenerator extends AggregateGenerator {
  readonly #flow: (IfFrame | LoopFrame)[] = [];
  #function: FunctionFrame | undefined;
  readonly #parameters: string[] = [];
  #programFrame = 0;
  readonly #frames: { readonly name: string; readonly words: number; readonly span: Span }[] = [];

  protected begin(): void {
    this.#programFrame = this.emitFrame();
    this.names.functions.set('main', { name: 'main', returnType: voidType, parameterCount: 0, address: 0 });
  }

  protected end(): void {
    this.buffer.rebaseLocals(0, this.temps.maximum, true);
    const size = this.temps.maximum + this.scope.localSlots;
    this.buffer.patchNumber(this.#programFrame, size);
    this.#checkFrame('The variables of the script', size, this.#firstBeyondStack());
    for (const { name, words, span } of this.#frames)
      this.#checkFrame(`The variables of \`${name}\` and of the script`, size + words, span);
  }

  /** The name of the first variable of the main program that does not fit. */
  #firstBeyondStack(): Span {
    for (const { name, index, type, declaredAt } of this.scope.variables.values()) {
      const words = Math.ceil((type === undefined ? 8 : sizeOf(type)) / 8);
      if (this.temps.maximum + index + words >= scriptLimits.maxStackSlots)
        return { start: declaredAt, end: declaredAt + name.length };
    }
    return { start: 0, end: 0 };
  }

  /** A frame must leave one of the words of the stack (script-language 11). */
  #checkFrame(whose: string, words: number, span: Span): void {
    if (words < scriptLimits.maxStackSlots) return;
    this.warn(
      'stack-overflow',
      `${whose} take ${words} words of memory, and a script has ${scriptLimits.maxStackSlots}: it stops when it runs. ` +
        'Use fewer variables or smaller arrays, or memory of the target.',
      span,
    );
  }

  // ---- functions

  protected parameter(): void {
    const type = this.popType();
    const token = this.endToken() - 1;
    this.#parameters.push(this.text(token));
    if (type === undefined) this.invalidType();
    else if (type.kind === 'pointer')
      this.fail(
        UpstreamErrorCode.UNDEFINED_VARIABLE_TYPE,
        'pointer-parameter',
        'A parameter cannot be a pointer; pass the address as `unsigned long`.',
        this.tokenSpan(token),
      );
    else if (isFloating(type))
      this.warn(
        'float-in-function',
        'HyperDbg takes every parameter for an integer, so the bits of this one are misread; compute with it outside of functions.',
        this.tokenSpan(token),
      );
  }

  protected functionHead(): void {
    const returnType = this.popType();
    const parameters = this.#parameters.splice(0);
    const name = this.text(this.firstToken());
    if (returnType === undefined) this.invalidType();
    else if (returnType.kind === 'pointer')
      this.fail(
        UpstreamErrorCode.UNDEFINED_VARIABLE_TYPE,
        'pointer-result',
        'A function cannot return a pointer; return the address as `unsigned long`.',
      );
    if (isFloating(returnType))
      this.warn(
        'float-in-function',
        'HyperDbg forgets that the result is a floating-point number; compute it outside of functions.',
      );
    const skip = this.emitJump(Op.JMP);
    const start = this.buffer.count;
    this.emit(Op.PUSH, stackBase);
    this.emit(Op.MOV, stackIndex, stackBase);
    const frame = this.emitFrame();
    const nameToken = this.firstToken();
    this.#function = { scope: this.scope, temps: this.temps, returns: [], skip, start, frame, nameToken };
    this.names.functions.set(name, { name, returnType, parameterCount: parameters.length, address: start });
    this.temps = new TempPool();
    this.scope = newFunctionScope(name, returnType, parameters.length);
    this.scopes.push(this.scope);
    parameters.forEach((parameter, index) =>
      this.scope.variables.set(parameter, {
        name: parameter,
        place: 'parameter',
        index,
        type: undefined,
        implicit: false,
        provenance: undefined,
        declaredAt: this.tokens.starts[this.firstToken()] ?? 0,
      }),
    );
  }

  protected function(): void {
    const frame = this.#function;
    if (frame === undefined) return;
    const epilogue = this.buffer.count;
    const { returnType, name } = this.scope;
    if (returnType !== undefined && returnType.kind !== 'void' && frame.returns.at(-1) !== epilogue - 1)
      this.warn(
        'missing-return',
        `\`${name}\` may end without \`return\`, and its result is then that of an earlier call; return a value at the end.`,
        this.tokenSpan(frame.nameToken),
      );
    this.emit(Op.MOV, stackBase, stackIndex);
    this.emit(Op.POP, stackBase);
    this.emit(Op.RET);
    for (const slot of frame.returns) this.buffer.patchNumber(slot, epilogue);
    this.buffer.rebaseLocals(frame.start, this.temps.maximum, this.safe);
    const size = this.temps.maximum + this.scope.localSlots;
    this.buffer.patchNumber(frame.frame, size);
    // Parameters, return address and saved base lie below the frame.
    const words = size + this.scope.parameterCount + 2;
    this.#frames.push({ name: this.scope.name, words, span: this.tokenSpan(frame.nameToken) });
    this.patchHere(frame.skip);
    this.scope = frame.scope;
    this.temps = frame.temps;
    this.#function = undefined;
  }

  protected return(): void {
    const value = this.data() === 1 ? this.pop() : undefined;
    const { returnType, name } = this.scope;
    if (value !== undefined && returnType?.kind === 'void')
      this.fail(
        UpstreamErrorCode.VOID_FUNCTION_RETURNING_VALUE,
        'value-from-void',
        name === 'main' && this.#function === undefined
          ? 'The script itself returns nothing; write `return;`.'
          : `\`${name}\` returns nothing; write \`return;\` or give it a return type.`,
        value,
      );
    if (value === undefined && returnType !== undefined && returnType.kind !== 'void')
      this.fail(
        UpstreamErrorCode.NON_VOID_FUNCTION_NOT_RETURNING_VALUE,
        'no-value-returned',
        `\`${name}\` returns ${aType(returnType)}; write a value behind \`return\`.`,
      );
    if (value !== undefined) {
      this.resolved(value);
      this.emit(Op.MOV, value, returnValue);
      this.free(value);
    }
    this.buffer.opcode(Op.JMP);
    this.#function?.returns.push(this.buffer.count);
    this.buffer.returnPlaceholder();
  }

  /** The value of a condition. Upstream has taken the `)` or `;` behind it and scanned one token more by now. */
  #condition(): Operand {
    const condition = this.pop();
    this.resolved(condition, Math.min(this.endToken() + 1, this.tokens.count - 1));
    return condition;
  }

  // ---- if

  protected ifCondition(isFirst: boolean): void {
    const condition = this.#condition();
    const next = this.emitJump(Op.JZ, condition);
    this.free(condition);
    const top = this.#flow.at(-1);
    if (!isFirst && top?.kind === 'if') top.next = next;
    else this.#flow.push({ kind: 'if', next, ends: [] });
  }

  protected ifBody(): void {
    const top = this.#flow.at(-1);
    if (top?.kind !== 'if') return;
    top.ends.push(this.emitJump(Op.JMP));
    this.patchHere(top.next);
  }

  protected if(): void {
    const top = this.#flow.pop();
    if (top?.kind === 'if') for (const slot of top.ends) this.patchHere(slot);
  }

  // ---- loops

  protected loopMark(kind: LoopFrame['kind']): void {
    this.#flow.push({ kind, top: this.buffer.count, exits: [], step: 0, body: 0 });
  }

  #loop(): LoopFrame | undefined {
    const top = this.#flow.at(-1);
    return top === undefined || top.kind === 'if' ? undefined : top;
  }

  protected whileCondition(): void {
    const condition = this.#condition();
    this.#loop()?.exits.push(this.emitJump(Op.JZ, condition));
    this.free(condition);
  }

  protected while(): void {
    const loop = this.#loop();
    if (loop === undefined) return;
    this.emit(Op.JMP, loop.top);
    this.#leave(loop);
  }

  protected doWhile(): void {
    const condition = this.#condition();
    const loop = this.#loop();
    if (loop === undefined) return;
    this.buffer.opcode(Op.JNZ);
    this.buffer.number(loop.top);
    this.emitOperand(condition);
    this.free(condition);
    this.#leave(loop);
  }

  protected forCondition(): void {
    const condition = this.#condition();
    const loop = this.#loop();
    if (loop === undefined) return;
    // The temp of the condition is never freed (script-language 6.6).
    loop.exits.push(this.emitJump(Op.JZ, condition));
    loop.body = this.emitJump(Op.JMP);
    loop.step = this.buffer.count;
  }

  protected forStep(): void {
    const loop = this.#loop();
    if (loop === undefined) return;
    this.emit(Op.JMP, loop.top);
    this.patchHere(loop.body);
  }

  protected for(): void {
    const loop = this.#loop();
    if (loop === undefined) return;
    this.emit(Op.JMP, loop.step);
    this.#leave(loop);
  }

  #leave(loop: LoopFrame): void {
    for (const slot of loop.exits) this.patchHere(slot);
    this.#flow.pop();
  }

  protected jump(kind: NodeKind): void {
    const loops = this.#flow.filter((frame): frame is LoopFrame => frame.kind !== 'if');
    const nearest = loops.at(-1);
    if (kind === NodeKind.Break) {
      if (nearest === undefined) this.#outsideLoop('break');
      else nearest.exits.push(this.emitJump(Op.JMP));
      return;
    }
    const outer = loops.findLast((frame) => frame.kind === 'for');
    if (nearest === undefined) return this.#outsideLoop('continue');
    if (outer === undefined)
      return this.fail(
        UpstreamErrorCode.SYNTAX,
        'continue-in-while',
        '`continue` works in `for` loops only; put the rest of the body into an `if`.',
      );
    if (outer !== nearest)
      this.warn(
        'continue-outer-loop',
        'HyperDbg continues the outer `for` here and leaves this loop; put the rest of the body into an `if`.',
      );
    this.emit(Op.JMP, outer.step);
  }

  #outsideLoop(word: string): void {
    this.fail(
      UpstreamErrorCode.SYNTAX,
      `${word}-outside-loop`,
      `\`${word}\` works in a loop only; \`return;\` in a block ends the script.`,
    );
  }

  protected include(): void {
    const unread = this.tree.unreadIncludes.get(this.firstToken());
    if (unread === undefined) return;
    const { problem, chain } = unread;
    const by = chain.length > 1 ? ` (${chain.join(' → ')})` : '';
    const name = `${this.text(this.firstToken() + 1)}${by}`;
    this.fail(
      UpstreamErrorCode.SYNTAX,
      'include-not-found',
      problem === 'missing'
        ? `There is no file ${name} to include; HyperDbg looks for it beside its own program, so check the path.`
        : `${name} cannot be included: an included file starts with \`? {\` and ends with \`}\`.`,
    );
  }
}
