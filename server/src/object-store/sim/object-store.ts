import type { SimFaults } from '../../dataplane/sim/faults.ts';
import type { JournalOptions } from '../../dataplane/sim/journal.ts';
import type { BucketRef, BucketReport, ObjectStore, RequestRecord } from '../contract.ts';
import { simBuckets } from './buckets.ts';
import { type Credentials, type Outcome, type Request, request } from './client.ts';
import { StoreCore, type StoreVerb } from './core.ts';
import { simObjects } from './objects.ts';
import { simOwners } from './owners.ts';
import { simStatistics } from './statistics.ts';

export interface SimStoreOptions extends JournalOptions {
  /** Duration of each verb, in milliseconds. */
  latencyMs: number;
}

/** The file of the simulated object store, beside that of the simulated data plane. */
export const stateFileOf = (plane: string | null): string | null => plane && `${plane}.objects`;

/** Changes that Danube did not request. */
export interface StoreDrift {
  /** Somebody deleted the bucket with all that it held. */
  removeBucket(name: string): void;
  /** Somebody changed these settings by S3. The bucket must exist. */
  changeBucket(ref: BucketRef, changes: Partial<BucketReport>): void;
  /** Somebody deleted the key. */
  removeKey(accessKeyId: string): void;
  /** A client began an upload that it did not complete. The bucket must exist. */
  beginUpload(ref: BucketRef, sizeBytes: number): void;
}

export interface SimObjectStore extends ObjectStore {
  readonly name: 'sim';
  readonly faults: SimFaults<StoreVerb>;
  readonly drift: StoreDrift;
  setLatency(milliseconds: number): void;
  /** What an S3 client would do and get, with these credentials or none. */
  request(credentials: Credentials, bucket: string, wanted: Request): Outcome;
  /** Adds requests to the log. */
  logRequests(requests: readonly RequestRecord[]): void;
  /** Whether requests are logged one by one, or only added up by hours. */
  keepRequests(keeps: boolean): void;
}

/** An object store in memory that keeps what there is, and contents only of small objects that people have uploaded. */
export function createSimObjectStore(options: SimStoreOptions): SimObjectStore {
  const core = new StoreCore(options);
  return {
    name: 'sim',
    access: { url: 'https://s3.example.org:9000', region: 'fsn1', domain: null, kms: false },
    ensureReady: (progress) =>
      core.verb('ensureReady', null, () => {
        if (core.world.isReady) return;
        progress('Making the object store');
        core.change({ op: 'ready' });
      }),
    isMade: async () => core.world.isReady,
    ...simOwners(core),
    ...simBuckets(core),
    ...simObjects(core),
    ...simStatistics(core),
    close: async () => core.close(),
    faults: core.faults,
    drift: simDrift(core),
    setLatency(milliseconds) {
      core.latencyMs = milliseconds;
    },
    request: (credentials, bucket, wanted) => request(core, credentials, bucket, wanted),
    logRequests: (requests) => void core.requests.push(...requests),
    keepRequests(keeps) {
      core.keepsRequests = keeps;
    },
  };
}

function simDrift(core: StoreCore): StoreDrift {
  const need = (ref: BucketRef) => {
    const bucket = core.bucketOf(ref);
    if (!bucket) throw new Error(`There is no bucket ${ref.name}.`);
    return bucket;
  };
  return {
    removeBucket: (name) => core.change({ op: 'unbucket', name }),
    changeBucket: (ref, changes) => core.change({ op: 'bucket', bucket: { ...need(ref), ...changes } }),
    removeKey: (accessKeyId) => core.change({ op: 'unkey', accessKeyId }),
    beginUpload(ref, sizeBytes) {
      const bucket = need(ref);
      core.change({ op: 'bucket', bucket: { ...bucket, uploads: [...bucket.uploads, { sizeBytes }] } });
    },
  };
}
