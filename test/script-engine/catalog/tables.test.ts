import assert from 'node:assert/strict';
import fs from 'node:fs';
import { functionByName, functions } from '../../../script-engine/catalog/functions';
import { scriptLimits, statementKeywords, typeKeywords } from '../../../script-engine/catalog/keywords';
import { opcodes, ScalarType, SymbolKind } from '../../../script-engine/catalog/opcodes';
import { pseudoRegisterByName, pseudoRegisters } from '../../../script-engine/catalog/pseudo-registers';
import {
  generalRegisterOrder,
  registerById,
  registerByName,
  registers,
} from '../../../script-engine/catalog/registers';
import { UpstreamErrorCode, upstreamErrorTexts } from '../../../script-engine/catalog/upstream-errors';
import { projectFile } from '../../project-root';

interface Spec {
  readonly layout: {
    readonly scalarTypes: Record<string, number>;
    readonly guestRegsOrder: readonly string[];
  };
  readonly symbolTypes: readonly { readonly name: string; readonly value: number }[];
  readonly opcodes: readonly {
    readonly name: string;
    readonly value: number;
    readonly implementedInEvaluator: boolean;
    readonly operands?: readonly string[];
  }[];
  readonly functions: readonly {
    readonly name: string;
    readonly opcode: number;
    readonly grammarClass: string;
    readonly arity: number;
    readonly category: string;
    readonly description: string;
    readonly usableInExpression: boolean;
    readonly args: readonly { readonly name: string; readonly type: string }[];
    readonly availability: { readonly userMode: string; readonly kernel: string };
    readonly note?: string;
  }[];
  readonly registers: readonly {
    readonly name: string;
    readonly id: number;
    readonly kind: string;
    readonly width: number;
    readonly parent?: string;
    readonly shift?: number;
    readonly bit?: number;
    readonly guestRegsOffset?: number;
  }[];
  readonly pseudoRegisters: readonly {
    readonly name: string;
    readonly id: number;
    readonly userMode: string;
  }[];
  readonly parseErrors: readonly {
    readonly code: number;
    readonly name: string;
    readonly message: string | null;
  }[];
  readonly statementKeywords: readonly string[];
  readonly typeKeywords: readonly string[];
  readonly limits: Record<string, unknown>;
}

const spec = JSON.parse(fs.readFileSync(projectFile('test/spec/script-engine.json'), 'utf8')) as Spec;

describe('catalog against script-engine.json', () => {
  it('has every function with its opcode, class, arguments and availability', () => {
    assert.deepEqual(
      functions.map((entry) => entry.name),
      spec.functions.map((entry) => entry.name),
    );
    const kinds: Record<string, string> = {
      expr: 'expression',
      'expr|string': 'string',
      'expr|wstring': 'wide-string',
      string: 'format',
      'expr...': 'variadic',
    };
    for (const want of spec.functions) {
      const entry = functionByName(want.name)!;
      assert.equal(entry.opcode, want.opcode, want.name);
      assert.equal(entry.functionClass, want.grammarClass, want.name);
      assert.equal(entry.arity, want.arity, want.name);
      assert.equal(entry.category, want.category, want.name);
      assert.equal(entry.returnsValue, want.usableInExpression, want.name);
      assert.equal(entry.summary, want.description, want.name);
      assert.equal(entry.userMode, want.availability.userMode, want.name);
      assert.equal(entry.kernel, want.availability.kernel, want.name);
      assert.equal(entry.note, want.note, want.name);
      assert.deepEqual(
        entry.parameters,
        want.args.map((argument) => ({ name: argument.name, kind: kinds[argument.type] })),
        want.name,
      );
    }
  });

  it('has every opcode with its operands', () => {
    assert.equal(opcodes.length, spec.opcodes.length);
    for (const want of spec.opcodes) {
      const entry = opcodes[want.value]!;
      assert.equal(entry.name, want.name);
      assert.equal(entry.value, want.value);
      if (want.name === 'FUNC_REFERENCE') assert.deepEqual(entry.operands, ['operand', 'dest']);
      else assert.deepEqual(entry.operands, want.operands, want.name);
      assert.equal(entry.implementedUpstream, want.implementedInEvaluator, want.name);
    }
  });

  it('has every register with its place in its parent', () => {
    assert.equal(registers.length, spec.registers.length);
    for (const want of spec.registers) {
      const entry = registerByName(want.name)!;
      assert.equal(registerById(want.id), entry);
      assert.equal(entry.id, want.id, want.name);
      assert.equal(entry.kind, want.kind, want.name);
      assert.equal(entry.width, want.width, want.name);
      assert.equal(entry.parent, want.parent ?? want.name, want.name);
      assert.equal(entry.shift, want.shift ?? want.bit ?? 0, want.name);
      const index = want.guestRegsOffset === undefined ? undefined : want.guestRegsOffset / 8;
      assert.equal(entry.generalIndex, index, want.name);
    }
    assert.deepEqual(generalRegisterOrder, spec.layout.guestRegsOrder);
  });

  it('has every pseudo register', () => {
    assert.equal(pseudoRegisters.length, spec.pseudoRegisters.length);
    for (const want of spec.pseudoRegisters) {
      assert.equal(pseudoRegisterByName(want.name)?.id, want.id);
      assert.equal(pseudoRegisterByName(want.name)?.userMode, want.userMode);
    }
  });

  it('has the kinds of symbols, scalar types, keywords, errors and limits', () => {
    for (const want of spec.symbolTypes) {
      const name = want.name.replace(/^SYMBOL_/, '').replace(/_TYPE$/, '') as keyof typeof SymbolKind;
      if (want.value <= 21) assert.equal(SymbolKind[name], want.value, want.name);
    }
    for (const [name, value] of Object.entries(spec.layout.scalarTypes))
      assert.equal(
        ScalarType[name.replace('SCRIPT_SCALAR_TYPE_', '') as keyof typeof ScalarType],
        value,
        name,
      );
    assert.deepEqual(statementKeywords, spec.statementKeywords);
    assert.deepEqual(typeKeywords, spec.typeKeywords);
    for (const want of spec.parseErrors) {
      assert.equal(upstreamErrorTexts[want.code], want.message ?? '');
      const name = want.name.replace('SCRIPT_ENGINE_ERROR_', '') as keyof typeof UpstreamErrorCode;
      assert.equal(UpstreamErrorCode[name], want.code);
    }
    for (const [name, value] of Object.entries(spec.limits))
      if (typeof value === 'number')
        assert.equal(scriptLimits[name as keyof typeof scriptLimits], value, name);
  });
});
