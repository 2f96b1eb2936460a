import { Type } from 'typebox';
import type { InstanceOperation } from '../../instances/lifecycle.ts';
import { type ArgsOf, NO_ARGS } from '../../operations/operation.ts';
import type { VpsStatus } from './states.ts';

/** The columns that an update can change: those of the plan, and settings. */
const Changeable = Type.Object({
  plan: Type.String(),
  cpu_allocation_type: Type.String(),
  vcpu: Type.Integer(),
  memory_mb: Type.Integer(),
  disk_gb: Type.Integer(),
  price_cents: Type.Integer(),
  auto_start: Type.Boolean(),
});

/** What the data plane applies, as {@link InstanceSettings}. */
const Settings = Type.Object({
  limits: Type.Object({ vcpu: Type.Integer(), memoryMb: Type.Integer(), diskGb: Type.Integer() }),
  autoStart: Type.Boolean(),
});

/** The operations on VPS, except those on snapshots. */
export const vpsOperations = {
  create: { kind: 'create', args: Type.Object({ image: Type.String() }), during: 'provisioning' },
  start: { kind: 'start', args: NO_ARGS, during: 'starting' },
  stop: { kind: 'stop', args: NO_ARGS, during: 'stopping' },
  reboot: { kind: 'reboot', args: NO_ARGS, during: 'rebooting' },
  reinstall: {
    kind: 'reinstall',
    args: Type.Object({
      image: Type.String(),
      // In base64.
      customCloudInitSealed: Type.Union([Type.String(), Type.Null()]),
      login: Type.Object({
        authMethod: Type.Union([Type.Literal('ssh_key'), Type.Literal('password')]),
        sshKeyId: Type.Union([Type.Integer(), Type.Null()]),
        authorizedKey: Type.Union([Type.String(), Type.Null()]),
        // In base64; null: it stays.
        passwordSealed: Type.Union([Type.String(), Type.Null()]),
      }),
    }),
    during: 'reinstalling',
  },
  update: {
    kind: 'update',
    // `previous`: the old values of the columns, to go back to.
    args: Type.Object({ settings: Settings, previous: Changeable }),
    during: null,
  },
  delete: { kind: 'delete', args: NO_ARGS, during: 'destroying' },
} as const satisfies Record<string, InstanceOperation & { during: VpsStatus | null }>;

/** Arguments of `create` and `reinstall`. */
export type ImageArgs = ArgsOf<typeof vpsOperations.create>;
export type ReinstallArgs = ArgsOf<typeof vpsOperations.reinstall>;
export type UpdateArgs = ArgsOf<typeof vpsOperations.update>;
