/** The helper process over the embedded driver: the program of the guest is the argument. Ends with status 0 after a whole end. */

import type { DeviceIo } from '../../../driver/device/device-io';
import { serveDevice } from '../../../driver/device/helper/serve-device';
import {
  startEmbeddedDevice,
  type EmbeddedDeviceMachine,
} from '../../../driver/embedded/device/start-embedded-device';
import { IOCTL } from '../../../driver/sdk/tables.generated';
import { appendFileSync } from 'node:fs';

const [program = '', traceFile = ''] = process.argv.slice(2);
const NAMES = new Map<number, string>(Object.entries(IOCTL).map(([name, { code }]) => [code, name]));
let machine: EmbeddedDeviceMachine | undefined;

/** Writes down what reaches the driver. */
function traced(device: DeviceIo): DeviceIo {
  return {
    description: device.description,
    open: () => device.open(),
    ioctl: (code, input, outputSizeBytes) => {
      appendFileSync(traceFile, `${NAMES.get(code) ?? code}\n`);
      return device.ioctl(code, input, outputSizeBytes);
    },
    pend: () => device.pend(),
    cancel: () => device.cancel(),
    close: () => {
      appendFileSync(traceFile, 'close\n');
      return device.close();
    },
  };
}

const source = {
  prepare: async () => {
    machine = await startEmbeddedDevice({ program, arguments: [], environment: {} });
    machine.onConsole(() => undefined);
    await machine.start();
    return traced(machine.device);
  },
  release: async () => {
    await machine?.dispose();
    appendFileSync(traceFile, 'released\n');
  },
};

void serveDevice(source, process.stdin, process.stdout).then(() => process.exit(0));
