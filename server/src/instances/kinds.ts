import type { TProperties } from 'typebox';
import type { InstanceSpec } from '../dataplane/contract/compute.ts';
import type { DataPlane } from '../dataplane/contract/data-plane.ts';
import type { TenantNetwork } from '../dataplane/contract/networks.ts';
import type { InstanceRef } from '../dataplane/contract/refs.ts';
import type { Database, Queryable } from '../db/database.ts';
import type { SecretBox } from '../lib/crypto.ts';
import type { KeyedCertificate } from '../lib/pki.ts';
import type { InstanceEvents } from './events.ts';

/** The properties of a kind of instance. Code that is the same for all kinds uses them, and is written once. */
export interface InstanceKind {
  /** `instance_type` and `resource_type` in the API; kind of its quota and plans; subject of its scopes. */
  name: string;
  /** Used in sentences: `server`. */
  noun: string;
  /** Used in operation ids: `Vps`. */
  label: string;
  /** Its events among those that every kind has. */
  events: InstanceEvents;
  snapshots: {
    /** Path parameter in the routes of its snapshots. */
    param: string;
    /** Member of a snapshot that names the instance. */
    member: string;
    /** Unit in which the API shows the size besides bytes: `size_gb` or `size_mb`. */
    sizeUnit: 'gb' | 'mb';
    /** The {@link SnapshotDetails} that snapshots of this kind show. */
    details: TProperties;
    /** Example values for the API's documentation. */
    example: { name: string; diskGb: number };
  };
  /** What a snapshot must record about an instance in addition to what all kinds have. */
  describe(db: Queryable, id: string): Promise<SnapshotDetails>;
  /** How to create a machine from a snapshot of this kind. */
  blueprint(dependencies: BlueprintDependencies): Blueprint;
}

/** The columns of a snapshot that only some kinds have. */
export interface SnapshotDetails {
  /** Servers only. */
  image: string | null;
  /** Databases and caches only. */
  provider: string | null;
  version: string | null;
  database_name: string | null;
}

export interface BlueprintDependencies {
  database: Database;
  plane: DataPlane;
  secrets: SecretBox;
  /** The certificate authority of the install. */
  authority: () => Promise<KeyedCertificate>;
  /** IPv4 address of the host at which published ports are reached; null: no port can be published. */
  publicAddress: string | null;
}

export interface Blueprint {
  /** The image that is needed in addition to the snapshot; null: none. */
  image(id: string, snapshot: SnapshotDetails): Promise<string | null>;
  /** The machine as a restore of the snapshot would create it now, without the customer's own cloud-init commands. */
  spec(id: string, snapshot: SnapshotDetails, network: TenantNetwork): Promise<InstanceSpec>;
  /** Resolves once the machine is ready; throws `timeout` otherwise. */
  waitUntilAnswers(ref: InstanceRef): Promise<void>;
  /** A sentence for the customer: what a successful drill has shown. */
  answered: string;
  /** Whether its engine can verify its data (`control verify`). */
  verifies: boolean;
}

const kinds = new Map<string, InstanceKind>();
const nameLists: { names: string[]; further: readonly string[] }[] = [];

/** Registers kinds; `app.ts` calls it with those of all modules before they are looked up. */
export function registerKinds(list: readonly InstanceKind[]): void {
  for (const kind of list) kinds.set(kind.name, kind);
  for (const { names, further } of nameLists) names.splice(0, names.length, ...kinds.keys(), ...further);
}

/**
 * The names of all kinds, followed by `further`. Kinds are added to the array when they are registered, so that schemas
 * created earlier include them.
 */
export function kindNames(...further: string[]): string[] {
  const names = [...kinds.keys(), ...further];
  nameLists.push({ names, further });
  return names;
}

/** Throws for an unknown name; rows only contain registered kinds. */
export function kindOf(name: string): InstanceKind {
  const kind = kinds.get(name);
  if (!kind) throw new Error(`There is no kind of instance "${name}".`);
  return kind;
}

export const isKind = (name: string): boolean => kinds.has(name);

/** The word for an instance of that kind in sentences: `server`. */
export const nounOf = (name: string): string => kindOf(name).noun;

export const allKinds = (): readonly InstanceKind[] => [...kinds.values()];
