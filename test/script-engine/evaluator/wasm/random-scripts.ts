/** Random texts of scripts; not all of them compile. */

import type { Random } from '../../../random';

const integers = ['nx', 'ny', 'nz', 'ku', 'kv'];
const longs = ['lx', 'ly'];
const floats = ['gx', 'gy'];
const singles = ['hx'];
const globals = ['.gone', '.gtwo', '.three'];
const registers = [
  '@rax',
  '@rcx',
  '@eax',
  '@ax',
  '@ah',
  '@al',
  '@rsp',
  '@spl',
  '@r8d',
  '@r15h',
  '@rflags',
  '@zf',
  '@cr3',
];
const operators = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'];
const comparisons = ['==', '!=', '<', '>', '<=', '>='];
const assignments = ['=', '+=', '-=', '*=', '|=', '&=', '^=', '<<=', '>>='];
const numbers = [
  '0',
  '1',
  '2',
  '3',
  '7f',
  '80',
  'ff',
  '8000',
  '7fffffff',
  '80000000',
  'ffffffff',
  '0n17',
  'ffffffffffffffff',
  '8000000000000000',
  '3f',
  '40',
];
const addresses = [
  '5000',
  '5010',
  '5ff8',
  '6000',
  '10001000',
  '10004000',
  '0',
  '&nx',
  '&lx',
  '&.gone',
  '&hv[0]',
];
const types = [
  'char',
  'short',
  'int',
  'long',
  'unsigned char',
  'unsigned short',
  'unsigned int',
  'unsigned long',
  'bool',
];
const readers = [
  'poi',
  'db',
  'dw',
  'dd',
  'dq',
  'hi',
  'low',
  'check_address',
  'strlen',
  'disassemble_len',
  'virtual_to_physical',
  'not',
  'neg',
  'interlocked_increment',
  'dd_pa',
];

export class ScriptText {
  #depth = 0;
  #functions: string[] = [];

  constructor(readonly random: Random) {}

  /** A whole script. */
  text(): string {
    const { random } = this;
    const parts: string[] = [];
    for (let count = random.below(3); count > 0; count--) parts.push(this.#functionText());
    for (const name of integers) parts.push(`${random.pick(types)} ${name} = ${random.pick(numbers)};`);
    for (const name of longs) parts.push(`${name} = ${random.pick(numbers)};`);
    if (random.below(2) === 0) parts.push('int hv[4] = { 1, 2, 3, 4 };');
    if (random.below(3) === 0) {
      for (const name of floats) parts.push(`double ${name} = ${this.#floatNumber()};`);
      for (const name of singles) parts.push(`float ${name} = ${this.#floatNumber()};`);
    }
    for (let count = 1 + random.below(6); count > 0; count--) parts.push(this.#statement());
    parts.push('printf("%llx %llx %llx %llx %llx %llx %llx", nx, ny, nz, ku, kv, lx, ly);');
    return parts.join('\n');
  }

  #functionText(): string {
    const name = `fn_${this.#functions.length}`;
    const body = `${this.random.pick(['int', 'long', 'void'])} ${name}(int px, long py) { ${this.#statement()} return px ${this.random.pick(operators)} ${this.random.pick(['py', '2', 'px'])}; }`;
    this.#functions.push(name);
    return body.startsWith('void') ? body.replace(/return [^;]*;/, 'return;') : body;
  }

  #floatNumber(): string {
    return this.random.pick(['0.0', '1.5', '-2.25', '1000000.0', '0.1', '3.0']);
  }

  #place(): string {
    const { random } = this;
    switch (random.below(8)) {
      case 0:
        return random.pick(globals);
      case 1:
        return random.pick(registers);
      case 2:
        return random.pick(longs);
      default:
        return random.pick(integers);
    }
  }

  #expression(depth = 0): string {
    const { random } = this;
    if (depth > 3) return random.below(2) === 0 ? random.pick(numbers) : this.#place();
    switch (random.below(depth === 0 ? 10 : 14)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return `(${this.#expression(depth + 1)} ${random.pick(operators)} ${this.#expression(depth + 1)})`;
      case 4:
        return `${random.pick(['-', '~'])}${this.#place()}`;
      case 5:
        return `(${random.pick(types)})${this.#place()}`;
      case 6:
        return `${random.pick(readers)}(${random.pick(addresses)})`;
      case 7: {
        const name = this.#functions.length > 0 ? random.pick(this.#functions) : undefined;
        return name === undefined ? this.#place() : `${name}(${this.#place()}, ${random.pick(numbers)})`;
      }
      case 8:
        return random.pick(['$pid', '$core', 'hv[1]', 'hv[nx & 3]', '*(&lx)', 'poi(&ly)']);
      default:
        return random.below(2) === 0 ? random.pick(numbers) : this.#place();
    }
  }

  #condition(): string {
    const { random } = this;
    const one = (): string => `${this.#expression(2)} ${random.pick(comparisons)} ${this.#expression(2)}`;
    if (random.below(4) === 0) return `${one()} ${random.pick(['&&', '||'])} ${one()}`;
    return one();
  }

  #block(): string {
    this.#depth++;
    const statements: string[] = [];
    for (let count = 1 + this.random.below(3); count > 0; count--) statements.push(this.#statement());
    this.#depth--;
    return `{ ${statements.join(' ')} }`;
  }

  #statement(): string {
    const { random } = this;
    switch (random.below(this.#depth > 2 ? 10 : 16)) {
      case 0:
      case 1:
      case 2:
        return `${this.#place()} = ${this.#expression()};`;
      case 3:
        return `${this.#place()} ${random.pick(assignments)} ${this.#expression(2)};`;
      case 4:
        return `${this.#place()}${random.pick(['++', '--'])};`;
      case 5:
        return `printf("%llx %d ", ${this.#place()}, ${this.#place()});`;
      case 6:
        return random.pick(['eq', 'ed', 'eb']) + `(${random.pick(addresses)}, ${this.#place()});`;
      case 7:
        return random.pick([
          `print(${this.#place()});`,
          `formats(${this.#place()});`,
          'event_sc(1);',
          'pause();',
          'memcpy(5000, 5010, 8);',
          'printf("text");',
          'test_statement(lx);',
          'interlocked_exchange(5000, nx);',
        ]);
      case 8:
        return random.pick([
          `gx = gx ${random.pick(['+', '-', '*', '/'])} gy;`,
          `hx = hx ${random.pick(['+', '-', '*', '/'])} hx;`,
          `if (gx ${random.pick(comparisons)} gy) { nx = 1; }`,
          'gx = (double)nx;',
          'ny = (int)gy;',
          'hx = (float)lx;',
          'gy = -gx;',
          'printf("%f", gx);',
        ]);
      case 9:
        return random.pick(['hv[1] = nx;', 'ly = hv[nx & 3];', '*(&lx) = nx;', 'lx = &nx;', 'lx = *(&ny);']);
      case 10:
        return `if (${this.#condition()}) ${this.#block()} elsif (${this.#condition()}) ${this.#block()} else ${this.#block()}`;
      case 11:
        return `if (${this.#condition()}) ${this.#block()}`;
      case 12:
        return `for (kw = 0; kw < ${random.pick(['3', '5', '20', '100'])}; kw++) ${this.#block()}`;
      case 13:
        return random.below(3) === 0
          ? `while (${this.#condition()}) ${this.#block()}`
          : `tw = 0; while (tw < 6 && ${this.#condition()}) { tw++; ${this.#statement()} }`;
      case 14:
        return `tw = 0; do { tw++; ${this.#statement()} } while (tw < ${random.pick(['1', '4', '30'])});`;
      default:
        return `for (jw = 0; jw < 4; jw++) { for (mw = jw; mw < 8; mw++) ${this.#block()} if (${this.#condition()}) { break; } }`;
    }
  }
}
