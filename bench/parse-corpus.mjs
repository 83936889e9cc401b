// Seeded text in the intersection of the script language, C and JavaScript, so that every parser reads the same bytes and
// none has to recover: registers without `@`, no declarations, no `else if`, comparisons in conditions only.

export function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const REGISTERS = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'r8', 'r9', 'rsp', '$pid', '$tid', '$core'];
const VARIABLES = ['counter', 'bufferAddress', 'length', 'ioctlCode', 'sockAddr', 'target_process', 'index'];
const READERS = ['poi', 'db', 'dw', 'dd', 'dq', 'hi', 'low', 'check_address', 'virtual_to_physical'];
const COMPARISONS = ['==', '!=', '<', '>', '<=', '>='];
const OPERATORS = ['+', '-', '*', '&', '|', '^', '<<', '>>', '/', '%'];
const COMPOUNDS = ['+=', '-=', '|=', '&=', '^='];

class Writer {
  #random;
  #lines = [];
  size = 0;

  constructor(seed) {
    this.#random = randomNumbers(seed);
  }

  get text() {
    return this.#lines.join('');
  }

  chance(share) {
    return this.#random() < share;
  }

  pick(list) {
    return list[Math.floor(this.#random() * list.length)];
  }

  number() {
    return `0x${Math.floor(this.#random() * 0xffffff).toString(16)}`;
  }

  line(depth, text) {
    const line = `${'  '.repeat(depth)}${text}\n`;
    this.#lines.push(line);
    this.size += line.length;
  }

  expression(depth) {
    const choice = this.#random();
    if (depth <= 0 || choice < 0.25)
      return this.chance(0.5)
        ? this.pick(REGISTERS)
        : this.chance(0.5)
          ? this.pick(VARIABLES)
          : this.number();
    if (choice < 0.45) return `${this.pick(READERS)}(${this.expression(depth - 1)})`;
    if (choice < 0.55) return `(${this.expression(depth - 1)})`;
    return `${this.expression(depth - 1)} ${this.pick(OPERATORS)} ${this.expression(depth - 1)}`;
  }

  condition() {
    const one = () => `${this.expression(1)} ${this.pick(COMPARISONS)} ${this.expression(1)}`;
    if (this.chance(0.3)) return `${one()} && ${one()}`;
    return this.chance(0.15) ? `${one()} || ${one()}` : one();
  }

  statement(depth) {
    const choice = this.#random();
    if (depth < 4 && choice < 0.16) {
      this.line(depth, `if (${this.condition()}) {`);
      this.block(depth + 1);
      if (this.chance(0.4)) {
        this.line(depth, '} else {');
        this.block(depth + 1);
      }
      this.line(depth, '}');
    } else if (depth < 4 && choice < 0.2) {
      this.line(depth, `while (${this.condition()}) {`);
      this.block(depth + 1);
      this.line(depth, '}');
    } else if (depth < 4 && choice < 0.24) {
      const variable = this.pick(VARIABLES);
      this.line(depth, `for (${variable} = 0; ${variable} < ${this.number()}; ${variable}++) {`);
      this.block(depth + 1);
      this.line(depth, '}');
    } else if (choice < 0.45)
      this.line(
        depth,
        `printf("pid: %llx, value: %llx at %x\\n", ${this.pick(REGISTERS)}, ${this.expression(2)}, ${this.expression(1)});`,
      );
    else if (choice < 0.52)
      this.line(
        depth,
        `// ${this.pick(VARIABLES)} holds the ${this.pick(VARIABLES)} of the request, see ${this.number()}`,
      );
    else if (choice < 0.58) this.line(depth, `event_enable(${this.number()});`);
    else if (choice < 0.63) this.line(depth, `${this.pick(VARIABLES)}${this.pick(['++', '--'])};`);
    else if (choice < 0.72)
      this.line(depth, `${this.pick(VARIABLES)} ${this.pick(COMPOUNDS)} ${this.expression(2)};`);
    else this.line(depth, `${this.pick(VARIABLES)} = ${this.expression(3)};`);
  }

  block(depth) {
    for (let left = 1 + Math.floor(this.#random() * 4); left > 0; left--) this.statement(depth);
  }
}

/** About `bytes` of text; same seed, same text. */
export function scriptText(bytes, seed) {
  const writer = new Writer(seed);
  while (writer.size < bytes) writer.statement(0);
  return writer.text;
}

/** The same with a mistake about every `every` bytes: a `)`, `;`, operand or `}` is missing. */
export function brokenText(text, every, seed) {
  const random = randomNumbers(seed);
  const pieces = [];
  for (let at = 0; at < text.length; at += every) {
    const piece = text.slice(at, at + every);
    const lost = [');', ';', '== ', '}'][Math.floor(random() * 4)];
    const index = piece.indexOf(lost);
    pieces.push(index < 0 ? piece : piece.slice(0, index) + piece.slice(index + lost.length));
  }
  return pieces.join('');
}

/** A command file of about `bytes`: events with scripts of about `each` bytes, and some globals that they share. */
export function commandFileText(bytes, each, seed) {
  const commands = [];
  let size = 0;
  for (let part = 0; size < bytes; part++) {
    const share = part % 8 === 0 ? `  .hits_${part % 64} = @rax;\n` : '';
    const script = compilableText(each, seed + part).replace(/^(?=.)/gm, '  ');
    commands.push(`!epthook main!step${part} script {\n${share}${script}}\n`);
    size += commands.at(-1).length;
  }
  return commands.join('');
}

/** A script that the compiler takes: small functions and a main part, all variables assigned before they are read. */
export function compilableText(bytes, seed) {
  const writer = new Writer(seed);
  for (let part = 0; writer.size < bytes; part++) {
    writer.line(0, `unsigned long step_${part}(unsigned long where, unsigned long limit) {`);
    for (const variable of VARIABLES) writer.line(1, `${variable} = ${writer.number()};`);
    for (let left = 8; left > 0; left--) writer.statement(3);
    writer.line(1, 'return where + limit;');
    writer.line(0, '}');
    writer.line(0, `if (step_${part}(@rcx, $pid) > ${writer.number()}) {`);
    writer.line(1, `printf("step ${part}: %llx\\n", @rax);`);
    writer.line(0, '}');
  }
  return writer.text;
}
