/** Event commands as far as they can be planned without an assembler. */

import { eventByCommand, eventSpelling, type EventKind } from '../catalog/events';
import { MOST_OUTPUTS } from '../catalog/event-options';
import { draftCode, draftScript, type CodeDraft, type ScriptDraft } from './code-blocks';
import type { CodeBlock, CodeBlockKind, Command } from './command-file';
import type { DraftEnvironment } from './draft-environment';
import { takeEventParameters } from './event-parameters';
import type { EventPlan } from './event-plan';
import { namesInBlock } from './outputs';
import { takeEventWords, type EventWords } from './event-words';

/** An event whose condition and code may still have to be assembled. */
export interface EventDraft {
  readonly event: Omit<EventPlan, 'condition' | 'actions'>;
  readonly bufferSizeBytes: number;
  readonly condition: CodeDraft | undefined;
  readonly code: { readonly draft: CodeDraft; readonly block: CodeBlock } | undefined;
  readonly script: ScriptDraft | undefined;
}

const ALL = 0xffff_ffff;
const LONGEST_OUTPUT_NAME = 49;
const stageNumbers = { pre: 1, post: 2, all: 3 } as const;

/** undefined when the command has errors, which are reported. */
export function draftEvent(command: Command, environment: DraftEnvironment): EventDraft | undefined {
  const kind = eventByCommand(command.name);
  if (kind === undefined) return undefined;
  const { report } = environment;
  const words = takeEventWords(command, environment);
  checkWords(kind, command, words, environment);
  const parameters = takeEventParameters(kind, command, words.rest, environment);
  const blockOf = (wanted: CodeBlockKind): CodeBlock | undefined =>
    command.blocks.find((block) => block.kind === wanted);
  const conditionBlock = blockOf('condition');
  const codeBlock = blockOf('code');
  const scriptBlock = blockOf('script');
  const outputs = outputNames(blockOf('output'), environment);
  if (outputs.length > 0 && !words.immediate) {
    report.error(
      'output-not-immediate',
      'Outputs want each message at once: `imm no` and `output` do not go together.',
      words.spans.get('imm') ?? command.nameSpan,
    );
  }
  const condition = conditionBlock && draftCode(conditionBlock, environment);
  const code = codeBlock && draftCode(codeBlock, environment);
  const script = scriptBlock && draftScript(scriptBlock, command, environment);
  if (parameters === undefined || report.hasErrors) return undefined;
  const options = [...parameters.options];
  const fixed = eventSpelling(command.name)?.fixed;
  if (fixed !== undefined) options[fixed.option] = fixed.value;
  return {
    event: {
      command: command.name.toLowerCase(),
      span: command.span,
      type: parameters.type,
      coreId: words.coreId,
      processId: words.processId,
      stage: stageNumbers[words.stage],
      shortCircuit: words.shortCircuit,
      options,
      immediate: words.immediate,
      outputs,
    },
    bufferSizeBytes: words.bufferSizeBytes,
    condition,
    code: code && codeBlock && { draft: code, block: codeBlock },
    script,
  };
}

function checkWords(
  kind: EventKind,
  command: Command,
  words: EventWords,
  { report }: DraftEnvironment,
): void {
  const stageSpan = words.spans.get('stage') ?? command.nameSpan;
  const shortCircuitSpan = words.spans.get('sc') ?? command.nameSpan;
  if (words.shortCircuit && words.stage !== 'pre') {
    report.error(
      'short-circuit-post',
      'What has happened already cannot be left out: `sc on` goes with `stage pre` only.',
      shortCircuitSpan,
    );
  } else if (words.shortCircuit && kind.shortCircuit === undefined) {
    report.warning('no-short-circuit', `\`sc on\` has no effect on ${command.name}.`, shortCircuitSpan);
  }
  if (!kind.stages.includes(words.stage)) {
    report.error(
      'bad-stage',
      `${command.name} fires before only: leave \`stage\` out or write \`stage pre\`.`,
      stageSpan,
    );
  }
  if (kind.needsProcess && words.processId === ALL) {
    const span = words.spans.get('pid') ?? command.nameSpan;
    report.error('missing-pid', `${command.name} watches one process: add \`pid <Pid>\`.`, span);
  }
}

function outputNames(block: CodeBlock | undefined, { report }: DraftEnvironment): readonly string[] {
  if (block === undefined) return [];
  const named = namesInBlock(block);
  const names = named.map(({ name }) => name);
  if (names.length === 0)
    report.error('empty-block', 'Name one output or more: `output { name }`.', block.span);
  if (names.length > MOST_OUTPUTS) {
    report.error(
      'too-many-outputs',
      `An event has at most ${MOST_OUTPUTS} outputs, here are ${names.length}.`,
      block.span,
    );
  }
  const long = named.find(({ name }) => name.length > LONGEST_OUTPUT_NAME);
  if (long !== undefined) {
    report.error(
      'long-output-name',
      `The name of an output has at most ${LONGEST_OUTPUT_NAME} characters.`,
      long.span,
    );
  }
  return names;
}
