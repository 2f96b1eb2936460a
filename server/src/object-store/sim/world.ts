import { createHash } from 'node:crypto';
import type { BucketReport, StoreKey, StoreTeam } from '../contract.ts';

/** A simulated object version. Its content is not kept, only how much it is. */
export interface SimObject {
  key: string;
  sizeBytes: number;
  /** Until then, object lock refuses to delete this version. */
  retainedUntil: number | null;
  /** As ISO 8601. */
  modifiedAt?: string;
}

export interface SimBucket extends BucketReport {
  /** The newest of each key last; without versions there is one of each key. */
  objects: readonly SimObject[];
  uploads: readonly { sizeBytes: number }[];
}

export interface SimKey extends StoreKey {
  /** SHA-256 of the secret, in hex. */
  secretHash: string;
}

export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** One change of the world, as stored in the journal. */
export type Change =
  | { op: 'ready' }
  | { op: 'team'; team: StoreTeam }
  | { op: 'unteam'; teamId: number }
  | { op: 'key'; key: SimKey }
  | { op: 'unkey'; accessKeyId: string }
  | { op: 'bucket'; bucket: SimBucket }
  | { op: 'unbucket'; name: string };

/** The state of the simulated object store. */
export class World {
  isReady = false;
  readonly teams = new Map<number, StoreTeam>();
  readonly keys = new Map<string, SimKey>();
  readonly buckets = new Map<string, SimBucket>();

  apply(change: Change): void {
    switch (change.op) {
      case 'ready':
        this.isReady = true;
        break;
      case 'team':
        this.teams.set(change.team.teamId, change.team);
        break;
      case 'unteam':
        this.teams.delete(change.teamId);
        for (const [id, { ref }] of this.keys) if (ref.teamId === change.teamId) this.keys.delete(id);
        break;
      case 'key': {
        // The journal has it as text.
        const { expiresAt } = change.key;
        const key = { ...change.key, expiresAt: expiresAt && new Date(expiresAt) };
        this.keys.set(key.ref.accessKeyId, key);
        break;
      }
      case 'unkey':
        this.keys.delete(change.accessKeyId);
        break;
      case 'bucket':
        this.buckets.set(change.bucket.ref.name, change.bucket);
        break;
      case 'unbucket':
        this.buckets.delete(change.name);
        break;
    }
  }

  /** The shortest list of changes from an empty world to the present state. */
  *changes(): Generator<Change> {
    if (this.isReady) yield { op: 'ready' };
    for (const team of this.teams.values()) yield { op: 'team', team };
    for (const key of this.keys.values()) yield { op: 'key', key };
    for (const bucket of this.buckets.values()) yield { op: 'bucket', bucket };
  }
}
