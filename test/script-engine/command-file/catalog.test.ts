import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { VMM_EVENT_TYPE_ENUM } from '../../../driver/sdk/tables.generated';
import { commandByName, debuggerCommands } from '../../../script-engine/catalog/commands';
import { eventOptions } from '../../../script-engine/catalog/event-options';
import { eventByCommand, eventByType, eventKinds } from '../../../script-engine/catalog/events';
import { projectFile } from '../../project-root';

interface SpecCommand {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly category: string;
  readonly syntax: readonly string[];
  readonly isEvent: boolean;
  readonly eventTypes: readonly string[];
  readonly requires?: string;
}

const spec = JSON.parse(readFileSync(projectFile('test/spec/commands.json'), 'utf8')) as {
  readonly commands: readonly SpecCommand[];
  readonly eventOptions: Readonly<Record<string, { readonly form: string }>>;
};

describe('catalog of events and commands', () => {
  it('has all 28 event types of the SDK, once each', () => {
    const ours = eventKinds.flatMap((kind) => kind.types.map(({ name, type }) => [name, type] as const));
    assert.deepEqual(Object.fromEntries(ours), { ...VMM_EVENT_TYPE_ENUM });
    assert.equal(ours.length, 28);
  });

  it('has every command of the original with its aliases', () => {
    assert.equal(debuggerCommands.length, spec.commands.length);
    for (const command of spec.commands) {
      const ours = commandByName(command.name);
      assert.ok(ours, command.name);
      assert.equal(ours.isEvent, command.isEvent, command.name);
      assert.equal(ours.category, command.category, command.name);
      for (const alias of command.aliases) assert.equal(commandByName(alias), ours, alias);
      if (!command.isEvent) assert.deepEqual(ours.syntax, command.syntax, command.name);
      assert.equal(ours.requires, command.requires, command.name);
    }
  });

  it('leads from event commands to the types of the original', () => {
    for (const command of spec.commands.filter(({ isEvent }) => isEvent)) {
      for (const name of [command.name, ...command.aliases]) {
        const kind = eventByCommand(name);
        assert.deepEqual(
          kind?.types.map((type) => type.name),
          command.eventTypes,
          name,
        );
      }
    }
    assert.equal(eventByCommand('!EPTHOOK'), eventByType(8));
  });

  it('has every option word', () => {
    const words = new Set(Object.keys(spec.eventOptions).flatMap((name) => name.split(' ')));
    words.delete('tid');
    assert.deepEqual(new Set(eventOptions.map(({ name }) => name)), words);
  });
});
