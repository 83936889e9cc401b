import { AddressSpace, ScalarType, SymbolKind } from '../catalog/opcodes';
import { UpstreamErrorCode } from '../catalog/upstream-errors';
import type { Provenance } from '../semantics/scope';
import { aType, isInteger, scalarId, sizeOf, type ScriptType } from '../semantics/types';
import { functions } from '../catalog/functions';
import { callDataMask, NodeKind } from '../syntax/node-kind';
import { TokenKind } from '../syntax/token-kind';
import { closestName } from '../catalog/closest-name';
import { didYouMean } from '../syntax/suggestion';
import { ConversionGenerator } from './conversion-generator';
import { Op } from './instruction-opcodes';
import type { Operand } from './operand';

/** Id of the unsigned integer of a size: what a load delivers. */
const rawIds: Readonly<Record<number, number>> = {
  1: ScalarType.U8,
  2: ScalarType.U16,
  4: ScalarType.U32,
  8: ScalarType.U64,
};

export function spaceOf(provenance: Provenance | undefined): number {
  return provenance === 'remote' ? AddressSpace.REMOTE : AddressSpace.LOCAL;
}

/** Members, elements and loads (script-language 6.8). */
export abstract class MemoryGenerator extends ConversionGenerator {
  /** `s.m` and `p->m`; a read loads a scalar, a target stays an address. */
  protected member(isTarget: boolean): void {
    const base = this.pop();
    if (!this.resolved(base)) return this.push(this.brokenOperand());
    const arrow = this.data() === 1;
    const { type } = base;
    const struct = arrow ? (type?.kind === 'pointer' ? type.base : undefined) : type;
    const name = this.text(this.endToken() - 1);
    if (struct?.kind !== 'struct' || !struct.complete) {
      const incomplete = struct?.kind === 'struct';
      const wantsDot = arrow && type?.kind === 'struct';
      const wantsArrow = !arrow && type?.kind === 'pointer' && type.base.kind === 'struct';
      this.fail(
        incomplete ? UpstreamErrorCode.INCOMPLETE_TYPE : UpstreamErrorCode.UNDEFINED_VARIABLE_TYPE,
        incomplete ? 'incomplete-struct' : 'not-a-struct',
        incomplete
          ? `\`struct ${struct.tag}\` is not defined yet, so it has no members.`
          : `This is ${aType(type)}; ${arrow ? '`->` needs a pointer to a struct' : '`.` needs a struct'}` +
              (wantsDot ? '; use `.`.' : wantsArrow ? '; use `->`.' : '.'),
        base,
      );
      return this.push(this.brokenOperand());
    }
    const member = struct.members.find((each) => each.name === name);
    if (member === undefined) {
      const names = struct.members.map((each) => each.name);
      const known = names.join(', ');
      const close = closestName(name, names);
      this.fail(
        UpstreamErrorCode.UNRESOLVED_VARIABLE,
        'unknown-member',
        `\`struct ${struct.tag}\` has no member \`${name}\`; it has ${known || 'none'}.${didYouMean(close)}`,
        this.tokenSpan(this.endToken() - 1),
      );
      return this.push(this.brokenOperand());
    }
    const provenance: Provenance =
      arrow && base.isAddress !== true ? (base.provenance ?? 'remote') : (base.provenance ?? 'local');
    const address = this.newTemp(member.type);
    // The temp of the operand before is never freed (script-language 6.8).
    this.emit(Op.ADD, base, member.offset, address);
    const place: Operand = { ...address, isAddress: true, provenance };
    const scalar = scalarId(member.type) !== ScalarType.INVALID;
    if (isTarget || !scalar || this.#keepsAddress()) return this.push(place);
    const value = this.load(place);
    this.free(address);
    this.push(value);
  }

  /** In safe mode `&s.m` and `&a[i]` are the addresses of the member and the element, not of a copy. */
  #keepsAddress(): boolean {
    const next = this.node + 1;
    if (!this.safe) return false;
    const data = this.data(next);
    switch (this.nodes.kinds[next] as NodeKind | undefined) {
      case NodeKind.Unary:
        return data === TokenKind.And;
      case NodeKind.Call:
        return functions[data & callDataMask]?.name === 'reference';
      default:
        return false;
    }
  }

  /** Loads the scalar whose address an operand holds; the address stays in use. */
  protected load(place: Operand, token = this.endToken()): Operand {
    const { type } = place;
    const size = type === undefined ? 8 : sizeOf(type);
    const space = spaceOf(place.provenance);
    const value = this.newTemp(type, token);
    const rawId = rawIds[size] ?? ScalarType.U64;
    if (isInteger(type) && type.id !== rawId) {
      const raw = this.newTemp(undefined, token);
      this.emit(Op.TYPED_LOAD, place, space, size, raw);
      this.emit(Op.CAST_SCALAR, raw, value, rawId, type.id);
      this.free(raw);
    } else this.emit(Op.TYPED_LOAD, place, space, size, value);
    return value;
  }

  protected index(isTarget: boolean): void {
    const count = this.data();
    const indexes: Operand[] = [];
    for (let i = 0; i < count; i++) indexes.unshift(this.pop());
    const base = this.pop();
    const usable = [base, ...indexes].every((operand) => this.resolved(operand));
    if (!usable) return this.push(this.brokenOperand());
    const strides: number[] = [];
    let type: ScriptType | undefined = base.type;
    for (let i = 0; i < count; i++) {
      type =
        type?.kind === 'array' ? type.element : type?.kind === 'pointer' && i === 0 ? type.base : undefined;
      strides.push(type === undefined ? 0 : sizeOf(type));
    }
    if (type === undefined) {
      this.fail(
        UpstreamErrorCode.UNDEFINED_VARIABLE_TYPE,
        'not-an-array',
        `This is ${aType(base.type)} and has no elements for ${count === 1 ? 'an index' : `${count} indexes`}.`,
        base,
      );
      return this.push(this.brokenOperand());
    }
    const product = this.newTemp(undefined);
    const offset = this.newTemp(undefined);
    this.emit(Op.MOV, 0, offset);
    indexes.forEach((index, i) => {
      this.emit(Op.MUL, strides[i] ?? 0, index, product);
      this.emit(Op.ADD, product, offset, offset);
    });
    this.emit(Op.ADD, base, offset, offset);
    if (isTarget && this.safe) this.avoided('HyperDbg 0.23 fails at every assignment to an element', base);
    this.#element(isTarget, {
      ...offset,
      type,
      isAddress: true,
      provenance: base.isAddress === true ? base.provenance : 'local',
    });
    this.free(product);
  }

  #element(isTarget: boolean, place: Operand): void {
    const scalar = scalarId(place.type) !== ScalarType.INVALID;
    if (isTarget) {
      // Upstream stores through the dereferenced temp, so every such store fails when it runs (script-language 6.8).
      if (this.safe) this.push(place);
      else this.push({ ...place, kind: SymbolKind.DEREFERENCE_TEMP });
    } else if (!scalar || this.#keepsAddress()) this.push(place);
    else {
      const value = this.load(place);
      this.free(place);
      this.push(value);
    }
  }
}
