import type { IncusContext } from './context.ts';
import { Firewalls } from './firewalls.ts';
import { Instances } from './instances.ts';
import { KeyedMutex } from './limiter.ts';
import { IncusServer } from './server.ts';
import { Snapshots } from './snapshots.ts';
import { Tenants } from './tenants.ts';
import { Volumes } from './volumes.ts';

/** The objects that implement the verbs of all subjects. */
export interface Parts {
  context: IncusContext;
  server: IncusServer;
  tenants: Tenants;
  firewalls: Firewalls;
  instances: Instances;
  volumes: Volumes;
  snapshots: Snapshots;
  /** Serialises verbs on each instance, snapshot and volume. To lock several, take them in this order. */
  locks: KeyedMutex;
}

export function createParts(context: IncusContext): Parts {
  const firewalls = new Firewalls(context);
  const instances = new Instances(context);
  const volumes = new Volumes(context);
  return {
    context,
    server: new IncusServer(context.client),
    tenants: new Tenants(context, firewalls),
    firewalls,
    instances,
    volumes,
    snapshots: new Snapshots(context, instances, volumes),
    locks: new KeyedMutex(),
  };
}
