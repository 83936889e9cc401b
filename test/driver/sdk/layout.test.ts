import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as structs from '../../../driver/sdk/structs.generated';
import { struct, u32, u64, type FieldPlace, type FieldType, type Struct } from '../../../driver/sdk/layout';
import { projectFile } from '../../project-root';
import { Random } from '../../random';

interface SpecField {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly bitOffset?: number;
  readonly bitSize?: number;
  readonly nested?: SpecStruct;
  readonly array?: number;
}
interface SpecStruct {
  readonly size: number;
  readonly fields: readonly SpecField[];
}

const sdk = JSON.parse(readFileSync(projectFile('driver/sdk/hyperdbg-sdk.json'), 'utf8')) as {
  structs: Record<string, SpecStruct>;
};
const declared = structs as unknown as Record<string, Struct<Record<string, unknown>>>;

const isCompound = (type: FieldType<unknown>): type is Struct<Record<string, unknown>> => 'fields' in type;

/** A random value of the type, found from what its zero looks like. */
function randomValue(type: FieldType<unknown>, random: Random): unknown {
  if (isCompound(type)) return randomStruct(type, random);
  const zero = type.zero();
  switch (typeof zero) {
    case 'bigint':
      return random.bits(type.bitWidth ?? 64);
    case 'number':
      return type === (u32 as unknown) || type.sizeBytes < 4
        ? Number(random.bits(8 * type.sizeBytes))
        : Number(random.bits(31));
    case 'boolean':
      return random.below(2) === 1;
    case 'string': {
      const unitBytes = type.alignBytes;
      const length = random.below(type.sizeBytes / unitBytes);
      return Array.from({ length }, () =>
        String.fromCharCode(1 + random.below(unitBytes === 1 ? 255 : 0xfffe)),
      ).join('');
    }
    default:
      if (zero instanceof Uint8Array) return Uint8Array.from(zero, () => random.below(256));
      if (Array.isArray(zero)) return zero.map((element: unknown) => randomLike(element, random));
      throw new Error('a kind of field that this test does not know');
  }
}

/** A random value of the shape of an array element (arrays of SDK structures hold integers, texts and structures). */
function randomLike(element: unknown, random: Random): unknown {
  if (typeof element === 'bigint') return random.bits(64);
  if (typeof element === 'number') return Number(random.bits(31));
  return element;
}

function randomStruct(type: Struct<Record<string, unknown>>, random: Random): Record<string, unknown> {
  const isUnion =
    type.fields.length > 1 &&
    type.fields.every((field) => field.byteOffset === 0 && field.bitOffset === undefined);
  // Fields of a union share their bytes: only the last one can keep its random value.
  const chosen = isUnion ? type.fields.slice(-1) : type.fields;
  return Object.fromEntries(chosen.map((field) => [field.name, randomValue(field.type, random)]));
}

function assertKept(
  type: Struct<Record<string, unknown>>,
  expected: Record<string, unknown>,
  actual: Record<string, unknown>,
  where: string,
) {
  for (const [name, value] of Object.entries(expected)) {
    const field = type.fields.find((candidate) => candidate.name === name) as FieldPlace;
    if (isCompound(field.type)) {
      assertKept(
        field.type,
        value as Record<string, unknown>,
        actual[name] as Record<string, unknown>,
        `${where}.${name}`,
      );
    } else assert.deepEqual(actual[name], value, `${where}.${name}`);
  }
}

function assertPlaces(type: Struct<unknown>, spec: SpecStruct, where: string) {
  assert.equal(type.sizeBytes, spec.size, `size of ${where}`);
  assert.equal(type.fields.length, spec.fields.length, `number of fields of ${where}`);
  spec.fields.forEach((field, index) => {
    const place = type.fields[index]!;
    assert.equal(place.name, field.name || 'anonymous', `name of field ${index} of ${where}`);
    assert.equal(place.byteOffset, field.offset, `offset of ${where}.${place.name}`);
    assert.equal(place.type.sizeBytes, field.size, `size of ${where}.${place.name}`);
    assert.equal(place.bitOffset, field.bitOffset, `bit offset of ${where}.${place.name}`);
    assert.equal(place.type.bitWidth, field.bitSize, `bit width of ${where}.${place.name}`);
    if (field.nested && field.array === undefined)
      assertPlaces(place.type as Struct<unknown>, field.nested, `${where}.${place.name}`);
  });
}

describe('SDK structures', () => {
  for (const [name, spec] of Object.entries(sdk.structs)) {
    it(`${name} has the size and the offsets of the SDK table`, () => {
      const type = declared[name];
      assert.ok(type, `${name} is not declared`);
      assertPlaces(type, spec, name);
    });

    it(`${name} keeps random values of every field`, () => {
      const type = declared[name]!;
      const random = new Random(spec.size * 7919 + name.length);
      for (let round = 0; round < 20; round++) {
        const value = randomStruct(type, random);
        const bytes = type.encode(value);
        assert.equal(bytes.length, spec.size);
        const decoded = type.decode(bytes);
        assertKept(type, value, decoded, name);
        assert.deepEqual(type.encode(decoded), bytes, 'a decoded value encodes to the same bytes');
      }
    });
  }

  it('declares nothing that the table does not have', () => {
    assert.deepEqual(Object.keys(declared).sort(), Object.keys(sdk.structs).sort());
  });

  it('refuses a buffer that is too short', () => {
    const Pair = struct('Pair', { first: u32, second: u64 });
    assert.equal(Pair.sizeBytes, 16);
    assert.throws(() => Pair.decode(new Uint8Array(15)), /Pair needs 16 bytes, there are 15/);
  });

  it('carries a tail behind the structure', () => {
    const bytes = structs.DEBUGGER_GENERAL_ACTION.encode(
      { ActionType: 2, CustomCodeBufferSize: 1 },
      Uint8Array.of(0xc3),
    );
    assert.equal(bytes.length, 33);
    assert.equal(bytes[32], 0xc3);
  });
});
