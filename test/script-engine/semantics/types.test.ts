import assert from 'node:assert/strict';
import fs from 'node:fs';
import {
  addMember,
  charType,
  commonType,
  completeStruct,
  intType,
  longType,
  pointerTo,
  shortType,
  sizeOf,
  typeName,
  typeOfWords,
  unsignedIntType,
  unsignedLongLongType,
  unsignedLongType,
  type ScriptType,
  type StructType,
} from '../../../script-engine/semantics/types';
import { projectFile } from '../../project-root';

const spec = JSON.parse(fs.readFileSync(projectFile('test/spec/script-engine.json'), 'utf8')) as {
  readonly types: readonly {
    readonly name: string;
    readonly size: number;
    readonly scalarTypeId: number;
    readonly spellings?: readonly string[];
  }[];
};

describe('types', () => {
  it('knows every spelling of the specification, in any order', () => {
    for (const want of spec.types) {
      for (const spelling of want.spellings ?? []) {
        if (/[^a-z ]/.test(spelling)) continue;
        for (const words of [spelling.split(' '), spelling.split(' ').reverse()]) {
          const type = typeOfWords(words);
          assert.ok(type !== undefined, spelling);
          assert.equal(sizeOf(type), want.size, spelling);
          if (type.kind === 'scalar') assert.equal(type.id, want.scalarTypeId, spelling);
        }
      }
    }
  });

  it('refuses other combinations', () => {
    for (const text of [
      'long double',
      'unsigned float',
      'unsigned bool',
      'signed unsigned',
      'int int',
      'short char',
      'long long long',
      'char int',
      'void int',
      'long short',
      'unsigned void',
      '',
    ])
      assert.equal(typeOfWords(text.split(' ').filter((word) => word !== '')), undefined, text);
  });

  it('finds common types (script-language 4)', () => {
    const cases: readonly (readonly [ScriptType, ScriptType, ScriptType | undefined])[] = [
      [charType, shortType, intType],
      [intType, longType, longType],
      [unsignedIntType, longType, longType],
      [unsignedIntType, intType, unsignedIntType],
      [unsignedLongType, longType, unsignedLongType],
      [unsignedLongLongType, longType, unsignedLongLongType],
      [pointerTo(intType), intType, undefined],
    ];
    for (const [left, right, want] of cases) {
      assert.equal(commonType(left, right), want, `${typeName(left)} and ${typeName(right)}`);
      assert.equal(commonType(right, left), want, `${typeName(right)} and ${typeName(left)}`);
    }
  });

  it('lays structs out with natural alignment', () => {
    const struct: StructType = {
      kind: 'struct',
      tag: 'S',
      members: [],
      memberNames: new Set(),
      sizeBytes: 0,
      alignBytes: 1,
      complete: false,
    };
    assert.ok(addMember(struct, 'a1', charType));
    assert.ok(addMember(struct, 'b1', longType));
    assert.ok(addMember(struct, 'c1', { kind: 'array', element: shortType, count: 3 }));
    assert.ok(!addMember(struct, 'a1', intType));
    completeStruct(struct);
    assert.deepEqual(
      struct.members.map((member) => member.offset),
      [0, 8, 16],
    );
    assert.equal(struct.sizeBytes, 24);
  });

  it('gives an empty struct one byte', () => {
    const struct: StructType = {
      kind: 'struct',
      tag: 'E',
      members: [],
      memberNames: new Set(),
      sizeBytes: 0,
      alignBytes: 1,
      complete: false,
    };
    completeStruct(struct);
    assert.equal(sizeOf(struct), 1);
  });
});
