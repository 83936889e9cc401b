/** The client of the device against the embedded driver; test/windows runs the same against Windows' device. */

import { skipWithoutCpu } from '../../skip';
import { describeDevice } from './device-contract';
import { startEmbeddedBench } from './embedded-bench';

describeDevice('the device client and the embedded driver', (context) => {
  skipWithoutCpu(context);
  return startEmbeddedBench(context);
});
