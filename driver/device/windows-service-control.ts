/** The service manager of this Windows. */

import {
  createDriverService,
  deleteDriverService,
  enablePrivilege,
  queryDriverService,
  startDriverService,
  stopDriverService,
} from '../native/windows-services';
import type { ServiceControl } from './driver-service';

export const windowsServiceControl: ServiceControl = {
  create: createDriverService,
  start: startDriverService,
  stop: stopDriverService,
  query: queryDriverService,
  remove: deleteDriverService,
  enablePrivilege,
};
