import { existsSync } from 'node:fs';

/** Whether systemd is PID 1: the test that `sd_booted(3)` documents. */
export const isSystemd = (): boolean => existsSync('/run/systemd/system');

export const isRoot = (): boolean => process.getuid?.() === 0;
