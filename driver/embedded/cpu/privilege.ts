/** Privilege levels, of which Unicorn's interface lets the selector alone be written. */

import type { UnicornContext } from '../../native/unicorn';
import { SEGMENT_BYTES, type EngineLayout } from './engine-layout';

/** Hidden parts of 64-bit code and of data segments, without the privilege level (SDM volume 3, 3.4.5). */
const CODE_ATTRIBUTES = 0x00a0_9b00;
const DATA_ATTRIBUTES = 0x00c0_9300;
const ATTRIBUTES_OFFSET = 20;
const PRIVILEGE_SHIFT = 13;
const CS = 1;
const SS = 2;
/** The flags with the privilege level stand this far before the segments. */
const HIDDEN_FLAGS_BYTES = 8;

/** Enters another level as a far transfer does. The selectors name flat 64-bit segments; `stack` may be 0. */
export function enterPrivilege(
  context: UnicornContext,
  layout: EngineLayout,
  level: number,
  code: number,
  stack: number,
): void {
  context.save();
  const { segments } = layout;
  const privilege = level << PRIVILEGE_SHIFT;
  const setSegment = (index: number, selector: number, attributes: number): void => {
    context.writeInt(segments + SEGMENT_BYTES * index, selector);
    context.writeInt(segments + SEGMENT_BYTES * index + ATTRIBUTES_OFFSET, attributes | privilege);
  };
  setSegment(CS, code, CODE_ATTRIBUTES);
  setSegment(SS, stack, stack === 0 ? 0 : DATA_ATTRIBUTES);
  const flags = segments - HIDDEN_FLAGS_BYTES;
  context.writeInt(flags, (context.readInt(flags) & ~3) | level);
  context.restore();
}
