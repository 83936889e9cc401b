import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EndOfBytes } from '../../../adapter/symbols/byte-cursor';
import { fileSource, memorySource, SymbolFileError } from '../../../adapter/symbols/byte-source';
import { PdbFile } from '../../../adapter/symbols/pdb/pdb-file';
import { layoutOf } from '../../../adapter/symbols/pdb/structure-layout';
import { pdbIdentityOf, readPe } from '../../../adapter/symbols/pe/pe-image';
import { readUnwindTable } from '../../../adapter/symbols/pe/pe-unwind';
import { structureRows, structureText } from '../../../adapter/symbols/structure-view';
import { findPdb } from '../../../adapter/symbols/symbol-path';
import { SymbolTable } from '../../../adapter/symbols/symbol-table';
import { windowsModule, type WindowsModule } from '../../../adapter/symbols/windows-module';
import { windowsSymbols } from '../../../adapter/target/windows-symbols';
import { skipBecause } from '../../skip';
import { type BuiltSample, buildSample, dump, hasTools, missingLlvm } from './windows-files';
import { compareDepths, loadedImage } from './windows-code';

const BASE = 0xfffff80012340000n;

describe('adapter/symbols: PDB of an image that clang and lld made', function () {
  this.timeout(60_000);
  let sample: BuiltSample | undefined;
  let pdb: PdbFile;
  let module: WindowsModule;
  let table: SymbolTable;
  let sections: number[];

  before(function () {
    if (!hasTools()) skipBecause(this, missingLlvm);
    sample = buildSample();
    const image = readPe(fileSource(sample.image));
    const identity = pdbIdentityOf(image);
    assert.ok(identity !== undefined);
    const found = findPdb(identity, [sample.folder]);
    assert.deepEqual(found.problems, []);
    pdb = found.value!;
    module = windowsModule(image, pdb, true);
    table = new SymbolTable();
    table.addSymbols('C:\\Windows\\system32\\ntoskrnl.exe', module, BASE);
    sections = image.sections.map((section) => section.rva);
  });
  after(() => sample?.dispose());

  const rva = (place: string): number => {
    const [section, offset] = place.split(':').map(Number);
    return sections[section! - 1]! + offset!;
  };

  it('has the identity that llvm-pdbutil tells', () => {
    const [, guid] = /GUID: \{([0-9A-F-]+)\}/.exec(dump('llvm-pdbutil', 'dump', '-summary', sample!.pdb))!;
    assert.equal(pdb.info.guid, guid!.replaceAll('-', ''));
  });

  it('finds every public symbol of the dump, by name and by address', () => {
    const text = dump('llvm-pdbutil', 'dump', '-publics', sample!.pdb);
    const publics = [...text.matchAll(/S_PUB32 .*? `(.*)`\s+flags = (.*), addr = (\d+:\d+)/g)];
    assert.ok(publics.length >= 10);
    for (const [, name, flags, place] of publics) {
      assert.equal(table.resolve(`nt!${name!}`), BASE + BigInt(rva(place!)), name);
      if (flags === 'function') assert.equal(table.placeOf(BASE + BigInt(rva(place!)))?.offset, 0n);
    }
    assert.equal(pdb.index.publicCount, publics.length);
  });

  it('finds every procedure of the dump with its size', () => {
    const text = dump('llvm-pdbutil', 'dump', '-symbols', sample!.pdb);
    const found = [...text.matchAll(/S_[GL]PROC32.*? `(.*)`\s+.*addr = (\d+:\d+), code size = (\d+)/g)];
    assert.ok(found.length >= 7);
    for (const [, name, place, size] of found) {
      const start = rva(place!);
      const expected = { name: name!, rva: start, sizeBytes: Number(size) };
      assert.deepEqual(pdb.functionAt(start), expected);
      assert.deepEqual(pdb.functionAt(start + Number(size) - 1), expected);
    }
    const twice = found.find(([, name]) => name === 'twice')!;
    assert.equal(
      table.resolve('nt!twice'),
      BASE + BigInt(rva(twice[2]!)),
      'a static function has no public symbol',
    );
    const add = table.resolve('nt!add')!;
    assert.equal(table.placeOf(add + 4n)?.text, 'nt!add+0x4');
    assert.equal(table.placeOf(BASE + 0x10n)?.text, 'nt+0x10');
  });

  it('finds every line of the dump', () => {
    const text = dump('llvm-pdbutil', 'dump', '-l', sample!.pdb);
    let section = 0;
    let count = 0;
    for (const line of text.split('\n')) {
      const range = /^\s+(\d{4}):[0-9A-F]{8}-[0-9A-F]{8}, line/.exec(line);
      if (range !== null) section = Number(range[1]);
      else if (section > 0) {
        for (const [, number, offset] of line.matchAll(/(\d+) ([0-9A-F]{8}) [! ]/g)) {
          const at = BigInt(sections[section - 1]! + parseInt(offset!, 16));
          assert.deepEqual(table.lineOf(BASE + at), { file: sample!.source, line: Number(number) });
          count++;
        }
      }
    }
    assert.ok(count >= 12);
    const source = readFileSync(sample!.source, 'utf8').split('\n');
    const addLine = source.findIndex((line) => line.includes('int add(')) + 1;
    assert.deepEqual(table.codeOf(sample!.source.toUpperCase(), addLine), {
      address: table.resolve('nt!add'),
      line: addLine,
    });
    assert.equal(table.codeOf('/no/such/file.c', 1), undefined);
  });

  it('lists what a wildcard matches', () => {
    assert.deepEqual(table.namesMatching('nt!a?d', 10), ['nt!add']);
    assert.deepEqual(table.namesMatching('NT!*METHOD*', 10), ['nt!?method@Node@@QEAAXXZ', 'nt!Node::method']);
    assert.deepEqual(table.namesMatching('ntoskrnl!big', 10), ['nt!big']);
    assert.deepEqual(table.namesMatching('other!big', 10), []);
    assert.equal(table.namesMatching('nt!*', 3).length, 3);
  });

  it('lays structures out as the compiler did', () => {
    const node = table.layoutOf('nt!Node')!;
    const text = dump('llvm-pdbutil', 'dump', '-types', sample!.pdb);
    const [, list, size] = /`Node`\n.*\n.*field list: (0x[0-9A-F]+)\n.*sizeof (\d+)\n/.exec(text)!;
    assert.equal(node.sizeBytes, Number(size));
    const [fields] = text.slice(text.indexOf(`${list!} | LF_FIELDLIST`) + 10).split(/^ {2}0x/m);
    const told = [...fields!.matchAll(/LF_MEMBER \[name = `(.*?)`.*offset = (\d+)/g)];
    assert.deepEqual(
      node.members.slice(1).map(({ name, offset }) => [name, offset]),
      told.map(([, name, offset]) => [name, Number(offset)]),
    );
    assert.deepEqual(
      node.members.map(({ name, offset, type }) => [name, offset, type.text]),
      [
        ['Base', 0, 'Base'],
        ['next', 16, 'Node*'],
        ['color', 24, 'Color'],
        ['low', 28, 'unsigned:3'],
        ['high', 28, 'unsigned:5'],
        ['table', 32, 'unsigned short[4][2]'],
        ['value', 48, 'Node::<unnamed-type-value>'],
        ['isLive', 56, 'bool'],
        ['text', 64, 'const char*'],
      ],
    );
    assert.equal(table.layoutOf('nt!NoSuch'), undefined);
    assert.equal(table.layoutOf('other!Node'), undefined);
    assert.equal(table.sizeAt(table.resolve('nt!global_node')!), node.sizeBytes);
    assert.equal(table.dataAt(table.resolve('nt!counter')! + 2n), 'nt!counter+0x2');
  });

  it('shows the values of a structure', () => {
    const memory = new Uint8Array(72);
    const view = new DataView(memory.buffer);
    view.setBigUint64(16, 0xfffff80000001000n, true);
    view.setInt32(24, -1, true);
    view.setUint8(28, 0b10110_101);
    for (let i = 0; i < 8; i++) view.setUint16(32 + i * 2, i + 1, true);
    view.setUint8(56, 1);
    const node = layoutOf(pdb.types, 'Node')!;
    const values = Object.fromEntries(structureRows(node, memory).map(({ name, value }) => [name, value]));
    assert.equal(values.next, '0xfffff80000001000');
    assert.equal(values.color, 'BLUE (0xffffffff)');
    assert.deepEqual([values.low, values.high, values.isLive], ['0x5', '0x16', 'true']);
    assert.equal(values.table, '{ { 0x1, 0x2 }, { 0x3, 0x4 }, { 0x5, 0x6 }, { 0x7, 0x8 } }');
    assert.equal(structureRows(node, memory.subarray(0, 20))[1]!.value, undefined);
    assert.match(structureText(node, memory), /^\+0x01c low +: unsigned:3 = 0x5$/m);
  });

  it('takes a PDB from a symbol server layout, and refuses another build', () => {
    const identity = pdbIdentityOf(readPe(fileSource(sample!.image)))!;
    const key = `${identity.guid}${identity.age.toString(16)}`;
    const store = path.join(sample!.folder, 'store');
    mkdirSync(path.join(store, 'Sample.pdb', key), { recursive: true });
    copyFileSync(sample!.pdb, path.join(store, 'Sample.pdb', key, 'sample.pdb'));
    const found = findPdb(identity, ['/no/such/folder', store]);
    assert.ok(found.value !== undefined);
    found.value.close();
    const other = findPdb({ ...identity, guid: '0'.repeat(32) }, [sample!.folder]);
    assert.equal(other.value, undefined);
    assert.match(other.problems.join(), /belongs to another build .* is needed\./);
    assert.deepEqual(findPdb({ ...identity, path: 'C:\\..' }, [store]), { value: undefined, problems: [] });
  });

  it('finds the PDB of a module that is only in the memory of a target', async () => {
    const memory = loadedImage(sample!.image);
    const target = {
      readMemory: (address: bigint, sizeBytes: number) =>
        Promise.resolve(memory.slice(Number(address - BASE), Number(address - BASE) + sizeBytes)),
    };
    const loaded = { path: '\\SystemRoot\\sample.exe', baseAddress: BASE, isUserMode: false, is32Bit: false };
    const problems: string[] = [];
    const report = (sentence: string) => problems.push(sentence);
    const found = await windowsSymbols(target, loaded, [sample!.folder], report);
    assert.deepEqual(found?.addressesOf('add'), module.addressesOf('add'));
    assert.ok(found?.callFrameAt(found.addressesOf('big')[0]!) !== undefined);
    const bare = await windowsSymbols(target, loaded, [], report);
    assert.deepEqual(bare?.addressesOf('add'), []);
    assert.deepEqual(problems, []);
    const nothing = { readMemory: () => Promise.resolve(new Uint8Array()) };
    assert.equal(await windowsSymbols(nothing, loaded, [sample!.folder], report), undefined);
  });

  it('knows the caller at every instruction, also in prologs and epilogs', () => {
    const image = readPe(fileSource(sample!.image));
    let count = 0;
    for (const name of ['add', 'big', 'exported', 'entry']) {
      const [start] = module.addressesOf(name);
      const known = module.functionAt(start!)!;
      const code = image.bytesAt(Number(start), Number(known.end! - start!));
      count += compareDepths(code, Number(start), (at) => module.callFrameAt(BigInt(at)));
    }
    assert.ok(count >= 30, String(count));
  });

  it('reads the unwind entries that llvm-readobj lists', () => {
    const image = readPe(fileSource(sample!.image));
    const unwind = readUnwindTable(image);
    const text = dump('llvm-readobj', '--unwind', sample!.image);
    const starts = [...text.matchAll(/StartAddress:.*\(0x([0-9A-F]+)\)/g)];
    assert.equal(starts.length, unwind.entryCount);
    assert.ok(starts.length >= 4);
    for (const [, start] of starts) {
      const at = Number(BigInt(`0x${start!}`) - image.imageBase);
      assert.equal(unwind.entryAt(at)?.begin, at);
    }
  });

  it('says a sentence or reads on when bytes are wrong', () => {
    const whole = readFileSync(sample!.pdb);
    const image = readFileSync(sample!.image);
    let seed = 12345;
    const random = (limit: number): number => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % limit;
    let refused = 0;
    for (let round = 0; round < 600; round++) {
      const bytes = Uint8Array.from(whole);
      for (let flip = 0; flip < 1 + (round % 40); flip++) {
        const at = round % 3 === 0 ? random(200) : random(bytes.length);
        bytes[at] = random(256);
      }
      const cut = round % 5 === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
      refused += Number(!survives(() => new PdbFile(memorySource(cut)), image));
    }
    assert.ok(refused > 50, `${refused} of 600 were refused`);
    for (let round = 0; round < 600; round++) {
      const bytes = Uint8Array.from(image);
      for (let flip = 0; flip < 1 + (round % 20); flip++) bytes[random(bytes.length)] = random(256);
      survives(() => undefined, round % 5 === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
    }
  });

  /** Asks everything; false when a file was refused with a sentence. */
  function survives(open: () => PdbFile | undefined, imageBytes: Uint8Array): boolean {
    try {
      const image = readPe(memorySource(imageBytes));
      pdbIdentityOf(image);
      const damaged = windowsModule(image, open(), true);
      damaged.namesMatching('*', 1000);
      for (const name of ['add', 'Node', 'entry']) damaged.addressesOf(name);
      for (let at = 0x1000n; at < 0x1200n; at += 16n) {
        damaged.functionAt(at);
        damaged.variableAt(at + 0x2000n);
        damaged.lineOf(at);
        damaged.callFrameAt(at);
      }
      damaged.codeOf(sample!.source, 18);
      const layout = damaged.layoutOf('Node');
      if (layout !== undefined) structureText(layout, new Uint8Array(4096));
      return true;
    } catch (error) {
      assert.ok(error instanceof SymbolFileError, String(error instanceof EndOfBytes ? error.stack : error));
      assert.match(error.message, /\.$/);
      return false;
    }
  }

  it('says what a file is that is no PDB', () => {
    const file = path.join(sample!.folder, 'text.pdb');
    writeFileSync(file, 'x'.repeat(5000));
    assert.throws(() => new PdbFile(fileSource(file)), /is not a PDB file/);
    assert.throws(
      () => new PdbFile(memorySource(readFileSync(sample!.pdb).subarray(0, 9000))),
      SymbolFileError,
    );
    assert.throws(() => readPe(fileSource(file)), /is not a PE file/);
  });
});
