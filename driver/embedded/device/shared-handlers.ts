/** Requests whose handler belongs to both doors: the kernel debugger's handler answers, and its frame never leaves. */

import { PACKET_TYPE, type Packet } from '../../kd/packet';
import { OPERATION } from '../../sdk/tables.generated';
import { BreakpointList } from '../server/breakpoint-list';
import { serveRequest } from '../server/requests';
import type { ServerContext } from '../server/server-context';
import type { DeviceContext, SharedAnswer } from './ioctl';

/** Texts of these kinds are the answer of requests that tell their results as lines. */
const ANSWER_TEXT = OPERATION.OPERATION_LOG_INFO_MESSAGE;

/** Throws when the handler gives no answer of this kind: then the table names the wrong one. */
export function askSharedHandler<V, A>(
  device: DeviceContext,
  request: Packet<V>,
  payload: Uint8Array,
  answer: Packet<A>,
): SharedAnswer {
  const texts: string[] = [];
  let bytes: Uint8Array | undefined;
  const nothing = (): void => undefined;
  // Requests that stop, resume or switch the whole machine do not exist in this mode (7.7).
  const context = {
    machine: device.target.machine,
    events: device.events,
    breakpoints: new BreakpointList(device.target.machine),
    send<W>(packet: Packet<W>, value: W): void {
      if (packet.action === answer.action) bytes = packet.encode(value);
    },
    log(operation: number, text: string): void {
      if (operation === ANSWER_TEXT) texts.push(text);
      else device.log(operation, text);
    },
    stop: nothing,
    sendModules: nothing,
    resume: nothing,
    close: nothing,
    stepAfterContinue: nothing,
    switchAfterContinue: nothing,
  };
  const shared: ServerContext = context;
  serveRequest(shared, { type: PACKET_TYPE.toHalted, action: request.action, payload });
  if (bytes === undefined) throw new Error(`no handler answers ${request.name} with ${answer.name}`);
  return { bytes, texts };
}
