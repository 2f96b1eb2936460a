import type { TProperties } from 'typebox';
import type { InstanceSpec } from '../dataplane/contract/compute.ts';
import type { DataPlane } from '../dataplane/contract/data-plane.ts';
import type { TenantNetwork } from '../dataplane/contract/networks.ts';
import type { InstanceRef } from '../dataplane/contract/refs.ts';
import type { Database, Queryable } from '../db/database.ts';
import type { SecretBox } from '../lib/crypto.ts';
import type { KeyedCertificate } from '../lib/pki.ts';
import type { InstanceEvents } from './events.ts';

/** What Danube has to know of one kind of instance, so that all that is the same for every kind is written once. */
export interface InstanceKind {
  /** On the wire `instance_type` and `resource_type`; kind of its quota and its plans; first half of its scopes. */
  name: string;
  /** In sentences: `server`. */
  noun: string;
  /** In operation ids: `Vps`. */
  label: string;
  /** Those of its types of event that every kind has. */
  events: InstanceEvents;
  snapshots: {
    /** Path parameter of its snapshots' routes. */
    param: string;
    /** Member of a snapshot that names the instance. */
    member: string;
    /** Unit of the size that the wire has beside bytes: `size_gb` or `size_mb`. */
    sizeUnit: 'gb' | 'mb';
    /** Members of a snapshot that only this kind has, out of {@link SnapshotDetails}. */
    details: TProperties;
    /** For the API's documentation. */
    example: { name: string; diskGb: number };
  };
  /** What a snapshot has to remember of an instance besides what all kinds have. */
  describe(db: Queryable, id: string): Promise<SnapshotDetails>;
  /** How a machine is made from a snapshot of one. */
  blueprint(dependencies: BlueprintDependencies): Blueprint;
}

/** The columns of a snapshot that only some kinds have. */
export interface SnapshotDetails {
  /** Of a server. */
  image: string | null;
  /** Of a database or cache. */
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
  /** Address of the host that published instances are reached at; null: none can be published. */
  publicAddress: string | null;
}

export interface Blueprint {
  /** The image that it takes beside the snapshot; null: all of it is in the snapshot. */
  image(id: string, snapshot: SnapshotDetails): Promise<string | null>;
  /**
   * The machine as a restore of the snapshot would make it now, without anything that the customer wants carried out.
   */
  spec(id: string, snapshot: SnapshotDetails, network: TenantNetwork): Promise<InstanceSpec>;
  /** Resolves once it answers; throws `timeout` otherwise. */
  waitUntilAnswers(ref: InstanceRef): Promise<void>;
  /** What is known once it has answered: a sentence. */
  answered: string;
  /** Whether its engine can check its data (`control verify`). */
  verifies: boolean;
}

const kinds = new Map<string, InstanceKind>();
const nameLists: { names: string[]; further: readonly string[] }[] = [];

/** Makes kinds known, before anything asks for them: `app.ts` does so with those of all modules. */
export function registerKinds(list: readonly InstanceKind[]): void {
  for (const kind of list) kinds.set(kind.name, kind);
  for (const { names, further } of nameLists) names.splice(0, names.length, ...kinds.keys(), ...further);
}

/**
 * The names of all kinds, and further words behind them. The list is filled as kinds are registered, so schemas can
 * hold it.
 */
export function kindNames(...further: string[]): string[] {
  const names = [...kinds.keys(), ...further];
  nameLists.push({ names, further });
  return names;
}

/** Throws for a name that is no kind's: rows name only kinds that there are. */
export function kindOf(name: string): InstanceKind {
  const kind = kinds.get(name);
  if (!kind) throw new Error(`There is no kind of instance "${name}".`);
  return kind;
}

export const isKind = (name: string): boolean => kinds.has(name);

/** What people call an instance of that kind: `server`. */
export const nounOf = (name: string): string => kindOf(name).noun;

export const allKinds = (): readonly InstanceKind[] => [...kinds.values()];
