import type { HostComponent } from '../component.ts';
import { usesLocalIncus } from '../incus-connection.ts';
import {
  applyKernelSettings,
  kernelFiles,
  readKernelSetting,
  removeKernelFiles,
  wrongKernelSettings,
} from '../kernel.ts';
import { fail, ok, RESTART, type Verdict, warn } from '../verdict.ts';

/** Limits of the kernel that are too low for many instances. They stay for the next boot, and are not watched. */
export const kernelSettings: HostComponent = {
  name: 'Kernel settings',
  appliesTo: usesLocalIncus,
  create: ({ installId }) => ({
    title: 'Changing kernel settings',
    ensure: () => applyKernelSettings(installId),
  }),
  checks: [{ name: 'kernel settings', look: async () => check() }],
  async remove({ installId }, attempt) {
    await attempt('Removing kernel settings', () => removeKernelFiles(installId));
  },
  async remains({ installId }) {
    const files = kernelFiles(installId);
    return files.length > 0 ? [files.join(', ')] : [];
  },
};

function check(): Verdict {
  const wrong = wrongKernelSettings();
  if (wrong.length === 0) return ok('as needed');
  const list = wrong.map(({ name, value, why }) => {
    const now = readKernelSetting(name) ?? 'unknown to this kernel';
    return `${name} is ${now}, not ${value}: ${why}`;
  });
  const settable = wrong.some(({ name }) => readKernelSetting(name) !== null);
  if (settable) return fail(list.join('; '), RESTART);
  const modules = [...new Set(wrong.map(({ module }) => module))].join(', ');
  return warn(list.join('; '), `Load the kernel module ${modules}.`);
}
