/** What `.debug_info` of a program says about its functions and variables. Read by the unit, when somebody asks. */

import { debugSection } from '../debug-section';
import type { ElfImage } from '../elf-image';
import { AT, TAG } from './codes';
import { indexedAddress, readUnits, type DebugSections, type Entry, type Unit } from './entries';
import { locationAt, numberOf, rangesOf, type AddressRange } from './ranges';
import { nameOf, referenced, typeOf, type ValueType } from './types';

export interface Variable {
  readonly name: string;
  readonly type: ValueType | undefined;
  readonly isParameter: boolean;
  /** Location expression at an address as linked; undefined where the compiler has kept no place for it. */
  locationAt(linkedAddress: bigint): Uint8Array | undefined;
  /** Entry of the unit's table of addresses, as linked. */
  indexedAddress(index: number): bigint;
  /** The value when the compiler knows it. */
  readonly constant: bigint | undefined;
}

export interface FunctionScope {
  readonly name: string | undefined;
  /** Parameters, and the variables whose blocks the address is in without those that an inner block hides. */
  readonly variables: readonly Variable[];
  /** DW_AT_frame_base. */
  readonly frameBase: Uint8Array | undefined;
}

const NONE = new Uint8Array(0);
const SECTIONS: Readonly<Record<keyof DebugSections, string>> = {
  info: '.debug_info',
  abbrev: '.debug_abbrev',
  str: '.debug_str',
  lineStr: '.debug_line_str',
  strOffsets: '.debug_str_offsets',
  addr: '.debug_addr',
  ranges: '.debug_ranges',
  rangeLists: '.debug_rnglists',
  loc: '.debug_loc',
  locationLists: '.debug_loclists',
};

export class DebugInfo {
  readonly #units: readonly { readonly unit: Unit; readonly ranges: readonly AddressRange[] }[];
  #globals: Map<string, Variable> | undefined;

  private constructor(sections: DebugSections) {
    this.#units = readUnits(sections).map((unit) => {
      const head = unit.head();
      return { unit, ranges: head === undefined ? [] : rangesOf(head) };
    });
  }

  /** undefined when the program was built without debug information. */
  static of(image: ElfImage): DebugInfo | undefined {
    if (image.sectionNamed(SECTIONS.info) === undefined) return undefined;
    const read = Object.entries(SECTIONS).map(([key, name]) => [key, debugSection(image, name) ?? NONE]);
    return new DebugInfo(Object.fromEntries(read) as DebugSections);
  }

  /** The function at an address as linked, with what is visible there. */
  functionAt(address: bigint): FunctionScope | undefined {
    for (const { unit, ranges } of this.#units) {
      if (!ranges.some((range) => holds(range, address))) continue;
      const found = findFunction(unit.root, address);
      if (found !== undefined) return scopeOf(found, address);
    }
    return undefined;
  }

  /** A variable outside of functions. */
  global(name: string): Variable | undefined {
    this.#globals ??= this.#readGlobals();
    return this.#globals.get(name);
  }

  #readGlobals(): Map<string, Variable> {
    const globals = new Map<string, Variable>();
    const visit = (entry: Entry): void => {
      for (const child of entry.children) {
        if (child.tag === TAG.namespace) visit(child);
        if (child.tag !== TAG.variable || !child.attributes.has(AT.location)) continue;
        const variable = variableOf(child);
        // Of several static ones with a name, no one is the one that is meant; the first is as good.
        if (variable !== undefined && !globals.has(variable.name)) globals.set(variable.name, variable);
      }
    };
    for (const { unit } of this.#units) if (unit.root !== undefined) visit(unit.root);
    return globals;
  }
}

function holds({ start, end }: AddressRange, address: bigint): boolean {
  return address >= start && address < end;
}

function isIn(entry: Entry, address: bigint): boolean {
  return rangesOf(entry).some((range) => holds(range, address));
}

function findFunction(entry: Entry | undefined, address: bigint): Entry | undefined {
  for (const child of entry?.children ?? []) {
    if (child.tag === TAG.subprogram && isIn(child, address)) return child;
    if (child.tag !== TAG.namespace && !(child.tag in STRUCTURES)) continue;
    const inner = findFunction(child, address);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

const STRUCTURES: Readonly<Record<number, true>> = {
  [TAG.structureType]: true,
  [TAG.classType]: true,
  [TAG.unionType]: true,
};

function scopeOf(subprogram: Entry, address: bigint): FunctionScope {
  const { parameters, locals } = variablesOf(subprogram, address);
  return {
    name: nameOf(originOf(subprogram)),
    variables: [...parameters, ...locals],
    frameBase: locationAt(subprogram, AT.frameBase, address),
  };
}

/** An inner block hides the names of the outer ones; a function that was inlined here shows what it shows alone. */
function variablesOf(block: Entry, address: bigint): { parameters: Variable[]; locals: Variable[] } {
  const own = { parameters: [] as Variable[], locals: [] as Variable[] };
  let inner = { parameters: [] as Variable[], locals: [] as Variable[] };
  for (const child of block.children) {
    switch (child.tag) {
      case TAG.formalParameter:
      case TAG.variable: {
        const variable = variableOf(child);
        if (variable === undefined) break;
        (variable.isParameter ? own.parameters : own.locals).push(variable);
        break;
      }
      case TAG.lexicalBlock:
      case TAG.inlinedSubroutine:
        if (isIn(child, address)) inner = variablesOf(child, address);
        break;
    }
  }
  const innerNames = new Set([...inner.parameters, ...inner.locals].map(({ name }) => name));
  const visible = ({ name }: Variable): boolean => !innerNames.has(name);
  return {
    parameters: own.parameters,
    locals: [...inner.parameters, ...inner.locals, ...own.locals.filter(visible)],
  };
}

/** Names and types of an inlined or outlined entry stand at the one it comes from. */
function originOf(entry: Entry): Entry {
  const origin = referenced(entry, AT.abstractOrigin) ?? referenced(entry, AT.specification);
  return origin === undefined || origin === entry ? entry : origin;
}

function variableOf(entry: Entry): Variable | undefined {
  const origin = originOf(entry);
  const name = nameOf(entry) ?? nameOf(origin);
  if (name === undefined) return undefined;
  return {
    name,
    type: typeOf(entry) ?? typeOf(origin),
    isParameter: entry.tag === TAG.formalParameter,
    locationAt: (address) => locationAt(entry, AT.location, address),
    indexedAddress: (index) => indexedAddress(entry.unit, index),
    constant: numberOf(entry.attributes.get(AT.constValue) ?? origin.attributes.get(AT.constValue)),
  };
}
