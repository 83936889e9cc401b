/** The registers that move between the engine and the machine at each stop, and their places among them. */

import { generalRegisterOrder } from '../../../script-engine/catalog/registers';

/** GUEST_REGS order, then RIP and RFLAGS. */
export const STATE = [...generalRegisterOrder, 'rip', 'rflags'] as const;
export const RIP = 16;
export const RFLAGS = 17;
export const TRAP_FLAG = 1n << 8n;
