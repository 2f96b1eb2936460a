/**
 * A minimal sample of a kind of instance: a machine without special properties. `sample.test.ts` adds it to a server by
 * a line in the list of modules; firewalls, snapshots, addresses, diagnosis and the reconciler then work without
 * further code.
 */

import { NOTHING, normal } from '../../src/events/catalogue.ts';
import type { Api } from '../../src/http/api.ts';
import { mutate } from '../../src/http/mutation.ts';
import { Component, Id, Message, Nullable, Obj, PathId, Text } from '../../src/http/schema.ts';
import { takeQuota } from '../../src/identity/teams/quotas.ts';
import { allotAddresses, createNetworkReader } from '../../src/instances/addresses.ts';
import { promiseInstance } from '../../src/instances/capacity.ts';
import { instanceEvents } from '../../src/instances/events.ts';
import type { InstanceKind } from '../../src/instances/kinds.ts';
import {
  acceptForInstance,
  endInstance,
  type InstanceOperation,
  instanceWorkflow,
  settle,
} from '../../src/instances/lifecycle.ts';
import { instanceRef } from '../../src/instances/naming.ts';
import { getInstance, type Instance, insertInstance, lockInstance } from '../../src/instances/store.ts';
import { notFound } from '../../src/lib/errors.ts';
import { UUID, uuidv7 } from '../../src/lib/ids.ts';
import type { ModuleContext, ResourceModule } from '../../src/module.ts';
import { NO_ARGS } from '../../src/operations/operation.ts';
import {
  createDefaultFirewall,
  forgetInstance,
  serverRules,
} from '../../src/resources/firewalls/defaults.ts';
import { applyTeamFirewalls } from '../../src/resources/firewalls/enforcement.ts';
import { instanceSnapshotWorkflows } from '../../src/resources/snapshots/instance-operations.ts';
import { removeSnapshotsOf } from '../../src/resources/snapshots/retirement.ts';
import { originOf } from '../../src/resources/snapshots/store.ts';

const Beacon = Component('Beacon', {
  id: Id(),
  name: Text(100, 'north'),
  status: Text(20, 'running'),
  public_ip: Nullable(Text(15, '10.64.0.10')),
});
const CreateBeacon = Component('CreateBeacon', { name: Text(100, 'north') });
const Params = Obj({ beaconInstance: PathId('uuid', 'Id of the beacon.') });
const tags = ['Beacons'];

const operations = {
  create: { kind: 'create', args: NO_ARGS, during: 'provisioning' },
  delete: { kind: 'delete', args: NO_ARGS, during: 'destroying' },
} as const satisfies Record<string, InstanceOperation>;

const events = {
  ...instanceEvents('beacon', 'beacon', { lost: 'Delete it.', broken: 'Delete it.' }),
  created: normal('beacon.created', 'Created', NOTHING, () => 'The beacon was created.'),
};

const LIMITS = { vcpu: 1, memory_mb: 256, disk_gb: 2 };

const view = ({ id, name, status, ipv4 }: Instance) => ({ id, name, status, public_ip: ipv4 });

function beaconRoutes(api: Api, { database, pools, storage }: ModuleContext): void {
  const missing = () => notFound('Beacon');
  api.post(
    '/beacons',
    {
      config: { scope: 'beacon:write', errors: ['quota_exceeded'] },
      schema: {
        operationId: 'createBeacon',
        summary: 'Create a beacon',
        tags,
        body: CreateBeacon,
        response: {
          201: Component('BeaconCreated', {
            message: Message('It is being created.'),
            instance: Beacon,
            operation_id: Id(),
          }),
        },
      },
    },
    (request) =>
      mutate(request, async (tx) => {
        const { team, accountId } = request.principal;
        await takeQuota(tx, team.id, 'beacon');
        const id = uuidv7();
        const instance = await insertInstance(tx, {
          id,
          kind: 'beacon',
          team_id: team.id,
          user_id: accountId,
          name: request.body.name,
          plan: 'only',
          datacenter: 'fsn1',
          price_cents: 0,
          ...LIMITS,
          ...(await allotAddresses(tx, team.id, id, pools)),
        });
        await createDefaultFirewall(tx, instance, serverRules());
        const operation = await acceptForInstance(tx, request.principal, instance, operations.create, {});
        await promiseInstance(tx, storage, team.id, instance);
        return { message: 'It is being created.', instance: view(instance), operation_id: operation.id };
      }),
  );
  api.get(
    '/beacons/:beaconInstance',
    {
      config: { scope: 'beacon:read' },
      schema: {
        operationId: 'getBeacon',
        summary: 'Show a beacon',
        tags,
        params: Params,
        response: { 200: Component('BeaconResponse', { instance: Beacon }) },
      },
    },
    async (request) => {
      const { beaconInstance: id } = request.params;
      const instance = UUID.test(id) ? await getInstance(database.db, id).catch(() => null) : null;
      if (instance?.team_id !== request.principal.team.id) throw missing();
      return { instance: view(instance) };
    },
  );
  api.delete(
    '/beacons/:beaconInstance',
    {
      config: { scope: 'beacon:delete' },
      schema: {
        operationId: 'deleteBeacon',
        summary: 'Delete a beacon',
        tags,
        params: Params,
        response: {
          200: Component('BeaconDeleted', { message: Message('It is being deleted.'), operation_id: Id() }),
        },
      },
    },
    (request) =>
      mutate(request, async (tx) => {
        const owner = { kind: 'beacon', teamId: request.principal.team.id };
        const { beaconInstance: id } = request.params;
        const instance = UUID.test(id) ? await lockInstance(tx, id, owner) : undefined;
        if (!instance) throw missing();
        const { delete: remove } = operations;
        const operation = await acceptForInstance(tx, request.principal, instance, remove, {}, 'deleted');
        return { message: 'It is being deleted.', operation_id: operation.id };
      }),
  );
}

function specOf(instance: Instance, network: Awaited<ReturnType<ReturnType<typeof createNetworkReader>>>) {
  const { vcpu, memory_mb: memoryMb, disk_gb: diskGb, ipv4, ipv6, name, generation } = instance;
  return {
    ref: instanceRef(instance),
    image: 'debian-12',
    limits: { vcpu, memoryMb, diskGb },
    publish: [],
    autoStart: true,
    network,
    addresses: { ipv4, ipv6 },
    hostname: name,
    userData: null,
    volumes: [],
    files: [],
    generation,
  };
}

function beaconWorkflows(context: ModuleContext) {
  const { database, plane } = context;
  const { db } = database;
  const networkOf = createNetworkReader(db);
  const rowOf = ({ resourceId }: { resourceId: string }) => getInstance(db, resourceId);
  const steps = {
    network: {
      name: 'network',
      async run({ teamId }: { teamId: number }) {
        await plane.ensureTenant({ teamId, network: await networkOf(teamId) });
        await applyTeamFirewalls(database, plane, teamId);
      },
    },
    instance: {
      name: 'instance',
      async run(operation: { resourceId: string; teamId: number }) {
        const row = await rowOf(operation);
        const origin = await originOf(db, row);
        await plane.ensureImage('debian-12');
        await plane.ensureInstance(specOf(row, await networkOf(operation.teamId)), origin?.ref);
      },
    },
    ready: {
      name: 'ready',
      run: async (operation: { resourceId: string }) =>
        plane.waitForSsh(instanceRef(await rowOf(operation)), 60),
    },
    remove: {
      name: 'remove',
      run: async (operation: { resourceId: string }) =>
        plane.removeInstance(instanceRef(await rowOf(operation))),
    },
    firewalls: {
      name: 'firewalls',
      run: ({ teamId }: { teamId: number }) => applyTeamFirewalls(database, plane, teamId),
    },
  };
  return {
    create: instanceWorkflow(operations.create, {
      steps: [steps.network, steps.instance, steps.ready],
      undo: [steps.remove],
      succeed: (tx, operation) => settle(tx, operation, 'running', events.created),
    }),
    delete: instanceWorkflow(operations.delete, {
      steps: [
        steps.remove,
        steps.firewalls,
        { name: 'snapshots', run: (operation) => removeSnapshotsOf(db, plane, operation) },
      ],
      async succeed(tx, operation) {
        await forgetInstance(tx, operation.teamId, { type: 'beacon', id: operation.resourceId });
        await endInstance(tx, operation);
      },
    }),
    ...instanceSnapshotWorkflows({
      ...context,
      graceSeconds: 5,
      prepare: [steps.network],
      instance: steps.instance,
      ready: steps.ready,
      revertUpdate: async () => {},
      adopt: async () => {},
    }),
  };
}

const beaconKind: InstanceKind = {
  name: 'beacon',
  noun: 'beacon',
  label: 'Beacon',
  events,
  snapshots: {
    param: 'beaconSnapshot',
    member: 'beacon_instance',
    sizeUnit: 'mb',
    details: {},
    example: { name: 'north', diskGb: 2 },
  },
  describe: async () => ({ image: null, provider: null, version: null, database_name: null }),
  blueprint: ({ database, plane }) => ({
    image: async () => null,
    spec: async (id, _snapshot, network) => specOf(await getInstance(database.db, id), network),
    waitUntilAnswers: (ref) => plane.waitForSsh(ref, 60),
    answered: 'It answered.',
    verifies: false,
  }),
};

export const beaconModule: ResourceModule = {
  name: 'beacons',
  tags: [{ name: 'Beacons', description: 'Machines without anything of their own.' }],
  scopes: ['beacon'],
  quotas: { beacon: { limit: 5, label: 'beacon' } },
  events,
  kinds: [beaconKind],
  create: (context) => ({
    routes: (api) => beaconRoutes(api, context),
    operations: { beacon: beaconWorkflows(context) },
  }),
};
