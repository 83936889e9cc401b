import { SymbolKind } from '../catalog/opcodes';
import type { Diagnostic } from '../diagnostic';
import type { FunctionScope, ScriptNames } from '../semantics/scope';
import { comparisonWarning, constantWarning } from '../semantics/warnings';
import { NodeKind } from '../syntax/node-kind';
import type { TokenKind } from '../syntax/token-kind';
import type { SyntaxTree } from '../syntax/tree';
import type { CompileOptions } from './compile';
import type { CompiledScript } from './compiled-script';
import { FlowGenerator } from './flow-generator';
import type { Failure } from './generator-core';
import type { Operand } from './operand';

export interface Generated {
  readonly script: CompiledScript;
  readonly diagnostics: readonly Diagnostic[];
  readonly failure: Failure | undefined;
  /** Names of symbols were met and nobody could resolve them. */
  readonly incomplete: boolean;
  /** The main program first, then the functions in their order. */
  readonly scopes: readonly FunctionScope[];
  readonly names: ScriptNames;
}

/** Walks the nodes once, in the order of the tree, and acts on each (script-language 6). */
export function generateCode(tree: SyntaxTree, options: CompileOptions): Generated {
  lastGenerator = new CodeGenerator(tree, options);
  return lastGenerator.run();
}

/**
 * Kept alive on purpose: the engine throws the code it has compiled for a class away when the last object of the class
 * dies, and the first compilation after each collection would be twice as slow.
 */
let lastGenerator: CodeGenerator | undefined;

class CodeGenerator extends FlowGenerator {
  run(): Generated {
    this.begin();
    const { nodes, tokens, buffer } = this;
    for (let node = 0; node < nodes.count; node++) {
      this.node = node;
      buffer.sourceOffset = tokens.starts[nodes.firstTokens[node] ?? 0] ?? -1;
      this.#act((nodes.kinds[node] ?? 0) as NodeKind);
      // Between statements no value is in use: what upstream never frees is free again (script-language 13 #12).
      if (this.safe && this.operands.length === 0) this.temps.release();
    }
    this.end();
    const { bytes, sourceOffsets } = buffer.finish();
    return {
      script: { bytes, symbolCount: buffer.count, sourceOffsets },
      diagnostics: this.diagnostics,
      failure: this.failure,
      incomplete: this.incomplete,
      scopes: this.scopes,
      names: this.names,
    };
  }

  protected checkOperands(operator: TokenKind, left: Operand, right: Operand): void {
    const warning =
      comparisonWarning(operator, left, right) ??
      (this.isInRightSide ? undefined : constantWarning(operator, left, right));
    if (warning !== undefined) this.warn(warning.code, warning.message);
  }

  #act(kind: NodeKind): void {
    switch (kind) {
      case NodeKind.Missing:
        return this.push(this.brokenOperand());
      case NodeKind.Number:
        return this.number();
      case NodeKind.Float:
        return this.float();
      case NodeKind.SymbolName:
        return this.symbol();
      case NodeKind.Name:
      case NodeKind.TargetName:
        return this.name();
      case NodeKind.Register:
        return this.register(SymbolKind.REGISTER);
      case NodeKind.PseudoRegister:
        return this.register(SymbolKind.PSEUDO_REG);
      case NodeKind.String:
        return this.string();
      case NodeKind.Binary:
        return this.binary();
      case NodeKind.LogicalLeft:
        return this.logicalLeft();
      case NodeKind.Logical:
        return this.logical();
      case NodeKind.Unary:
        return this.unary();
      case NodeKind.Cast:
        return this.cast();
      case NodeKind.SizeofMark:
        return this.sizeofMark();
      case NodeKind.SizeofExpression:
        return this.sizeofExpression();
      case NodeKind.SizeofType:
        return this.sizeofType();
      case NodeKind.Member:
        return this.member(false);
      case NodeKind.TargetMember:
        return this.member(true);
      case NodeKind.Index:
        return this.index(false);
      case NodeKind.TargetIndex:
        return this.index(true);
      case NodeKind.Call:
        return this.call();
      case NodeKind.UserCall:
        return this.userCall();
      case NodeKind.TypeName:
        return this.typeNameNode();
      case NodeKind.StructTypeName:
        return this.structTypeName();
      default:
        return this.#actOnStatement(kind);
    }
  }

  #actOnStatement(kind: NodeKind): void {
    switch (kind) {
      case NodeKind.Assign:
        return this.assign();
      case NodeKind.CompoundAssign:
        return this.compoundAssign();
      case NodeKind.IncrementDecrement:
        return this.incrementDecrement();
      case NodeKind.DereferenceAssign:
        return this.dereferenceAssign();
      case NodeKind.Declaration:
        return this.declaration();
      case NodeKind.CallStatement:
        return this.callStatement();
      case NodeKind.Return:
        return this.return();
      case NodeKind.Break:
      case NodeKind.Continue:
        return this.jump(kind);
      case NodeKind.Include:
        return this.include();
      case NodeKind.BareStep:
        return this.bareStep();
      case NodeKind.Dimension:
        return this.dimension();
      case NodeKind.ArrayHead:
        return this.arrayHead();
      case NodeKind.ArrayDeclaration:
        return this.arrayDeclaration();
      case NodeKind.Typedef:
        return this.typedef();
      case NodeKind.StructForward:
        return this.structForward();
      case NodeKind.StructHead:
        return this.structHead();
      case NodeKind.Declarator:
        return this.declarator();
      case NodeKind.StructMember:
        return this.structMember();
      case NodeKind.StructDefinition:
        return this.structDefinition();
      case NodeKind.StructVariablesHead:
        return this.structVariablesHead();
      case NodeKind.StructVariable:
        return this.structVariable();
      case NodeKind.StructInitializerHead:
        return this.structInitializerHead();
      case NodeKind.StructInitializer:
        return this.structInitializer();
      case NodeKind.StructPointerInitializer:
        return this.structPointerInitializer();
      default:
        return this.#actOnFlow(kind);
    }
  }

  #actOnFlow(kind: NodeKind): void {
    switch (kind) {
      case NodeKind.Parameter:
        return this.parameter();
      case NodeKind.FunctionHead:
        return this.functionHead();
      case NodeKind.Function:
        return this.function();
      case NodeKind.IfCondition:
      case NodeKind.ElsifCondition:
        return this.ifCondition(kind === NodeKind.IfCondition);
      case NodeKind.IfBody:
        return this.ifBody();
      case NodeKind.If:
        return this.if();
      case NodeKind.WhileMark:
        return this.loopMark('while');
      case NodeKind.WhileCondition:
        return this.whileCondition();
      case NodeKind.While:
        return this.while();
      case NodeKind.DoMark:
        return this.loopMark('do');
      case NodeKind.DoWhile:
        return this.doWhile();
      case NodeKind.ForInitMark:
        return this.loopMark('for');
      case NodeKind.ForCondition:
        return this.forCondition();
      case NodeKind.ForStep:
        return this.forStep();
      case NodeKind.For:
        return this.for();
      case NodeKind.Skipped:
        return this.skipped();
      default:
        return undefined;
    }
  }

  /** What a broken statement left on the stacks belongs to nothing. */
  protected skipped(): void {
    this.operands.length = 0;
    this.types.length = 0;
  }
}
