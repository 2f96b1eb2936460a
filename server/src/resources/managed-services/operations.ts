import { Type } from 'typebox';
import type { InstanceOperation } from '../../instances/lifecycle.ts';
import { type ArgsOf, NO_ARGS } from '../../operations/operation.ts';
import type { ServiceStatus } from './states.ts';
import type { ManagedService } from './store.ts';

/** The columns of an engine's settings that an update may change. */
const Updatable = Type.Object({
  plan: Type.String(),
  vcpu: Type.Integer(),
  memory_mb: Type.Integer(),
  disk_gb: Type.Integer(),
  price_cents: Type.Integer(),
  parameters: Type.Unknown(),
  parameter_group_id: Type.Union([Type.Integer(), Type.Null()]),
  effective_parameters: Type.Unknown(),
});

/** The operations on databases and caches, except those on snapshots. */
export const serviceOperations = {
  create: {
    kind: 'create',
    // The snapshot to clone. Naming it here prevents its deletion meanwhile, see `usesOf`.
    args: Type.Object({ snapshot: Type.Optional(Type.String()) }),
    during: 'provisioning',
  },
  start: { kind: 'start', args: NO_ARGS, during: 'starting' },
  stop: { kind: 'stop', args: NO_ARGS, during: 'stopping' },
  'force-stop': { kind: 'force-stop', args: NO_ARGS, during: 'stopping' },
  update: {
    kind: 'update',
    args: Type.Object({
      // Whether the instance should run after the operations before this one.
      running: Type.Boolean(),
      // True: restart the engine where a change needs it. False: leave the restart to the customer.
      restart: Type.Boolean(),
      // What changes, for the event.
      what: Type.String(),
      // The previous values, to go back to.
      previous: Updatable,
    }),
    during: 'updating',
  },
  rotate: {
    kind: 'rotate',
    args: Type.Object({
      // Whether the instance should run after the operations before this one.
      running: Type.Boolean(),
      // For how long the present password is to work beside the new one; 0: not at all.
      overlapSeconds: Type.Integer(),
    }),
    during: 'updating',
  },
  publish: {
    kind: 'publish',
    args: Type.Object({
      // False: it is withdrawn.
      published: Type.Boolean(),
      // The status to return to: the instance itself is not touched.
      settled: Type.Enum(['running', 'stopped', 'error']),
    }),
    during: 'updating',
  },
  delete: { kind: 'delete', args: NO_ARGS, during: 'destroying' },
} as const satisfies Record<string, InstanceOperation & { during: ServiceStatus }>;

export type CreateArgs = ArgsOf<typeof serviceOperations.create>;
export type UpdateArgs = ArgsOf<typeof serviceOperations.update>;
export type RotateArgs = ArgsOf<typeof serviceOperations.rotate>;
export type PublishArgs = ArgsOf<typeof serviceOperations.publish>;

/** The present values of the columns that an update may change, for going back to them. */
export const updatableColumns = (row: ManagedService): UpdateArgs['previous'] => ({
  plan: row.plan,
  vcpu: row.vcpu,
  memory_mb: row.memory_mb,
  disk_gb: row.disk_gb,
  price_cents: row.price_cents,
  parameters: row.parameters,
  parameter_group_id: row.parameter_group_id,
  effective_parameters: row.effective_parameters,
});
