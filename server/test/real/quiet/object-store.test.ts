import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { request } from 'undici';
import { randomText } from '../../../src/lib/crypto.ts';
import { objectStoreContract } from '../../contract/object-store.ts';
import { objectsContract } from '../../contract/objects.ts';
import { waitFor } from '../../harness.ts';
import { slice } from '../../slice.ts';
import { StoreWorld } from '../object-store.ts';
import { testStorageApi } from '../object-store-api.ts';
import { testAttacks } from '../object-store-attacks.ts';
import { testInBrowser } from '../object-store-browser.ts';
import { testFullStore, testReplacement } from '../object-store-care.ts';
import { StoreCustomers } from '../object-store-customers.ts';
import { testFromGuest } from '../object-store-guest.ts';
import { testGuide } from '../object-store-guide.ts';
import { testRequestLog } from '../object-store-log.ts';
import { testMatrix } from '../object-store-matrix.ts';
import { testOtherCeph } from '../object-store-other.ts';
import { testPrograms } from '../object-store-programs.ts';
import { testSdk } from '../object-store-sdk.ts';
import { realStoreSubject } from '../object-store-subject.ts';

const TEAM = slice.firstTeam + 710;
/** What is written while daemons die, and how many at a time. */
const OBJECTS = 500;
const WRITERS = 8;

describe('the object store of the install', { timeout: 1_800_000 }, () => {
  const world = new StoreWorld();
  before(() => world.open());
  after(() => world.close());

  testFullStore(world);
  testReplacement(world);
  objectStoreContract('Ceph', async () => realStoreSubject(world));
  objectsContract('Ceph', async () => realStoreSubject(world));
  testStorageApi(world);
  testRequestLog(world);
  testOtherCeph(world);

  describe('for customers', () => {
    const customers = new StoreCustomers(world);
    before(() => customers.open());
    after(() => customers.close());
    testMatrix(customers);
    testAttacks(customers);
    testSdk(customers);
    testPrograms(customers);
    testGuide(customers);
  });
  testInBrowser(world);
  testFromGuest(world);

  describe('whatever happens to it', () => {
    const Bucket = `t${TEAM}-sdk`;
    const credentials = { accessKeyId: randomText(20), secretAccessKey: randomText(40) };
    let client: S3Client;
    before(async () => {
      const limits = { maxBuckets: 5, maxBytes: null };
      await world.store.ensureTeam({ teamId: TEAM, bucketPrefix: `t${TEAM}-`, ...limits });
      const settings = { encryption: { type: 'sse-s3' }, versioning: 'enabled' } as const;
      await world.store.ensureBucket({ teamId: TEAM, name: Bucket }, false, settings);
      const ref = { teamId: TEAM, accessKeyId: credentials.accessKeyId };
      await world.store.ensureKey({ ref, scope: 'team', expiresAt: null }, credentials.secretAccessKey);
      client = world.client(credentials);
    });
    after(() => client?.destroy());

    const read = async (Key: string): Promise<Buffer> => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return Buffer.from(await Body!.transformToByteArray());
    };

    it('has everything that it has acknowledged, whatever is killed meanwhile', async () => {
      const written = new Map<string, string>();
      const kills = ['ceph-osd', 'radosgw', 'ceph-mon', 'instance'].map((what, index) => ({
        what,
        at: Math.floor(((index + 0.5) * OBJECTS) / 4),
      }));
      let next = 0;
      const write = async (): Promise<void> => {
        for (let index = next++; index < OBJECTS; index = next++) {
          const Key = `kill/${index}`;
          const Body = randomBytes(2000 + index);
          await waitFor(`${Key} to be acknowledged`, () =>
            client.send(new PutObjectCommand({ Bucket, Key, Body })).catch(() => null),
          );
          written.set(Key, createHash('sha256').update(Body).digest('hex'));
          for (const { what } of kills.filter(({ at }) => at === index)) await world.kill(what);
        }
      };
      await Promise.all(Array.from({ length: WRITERS }, write));
      assert.equal(written.size, OBJECTS);
      for (const [Key, hash] of written) {
        const bytes = await waitFor(`${Key} to be read`, () => read(Key).catch(() => null));
        assert.equal(createHash('sha256').update(bytes).digest('hex'), hash, Key);
      }
    });

    it('lets nobody reach the gateway but the host', async () => {
      // The daemons listen on the loopback interface of the instance.
      const { stdout } = await world.inside(['ss', '-Hltn']);
      const others = stdout
        .split('\n')
        .map((line) => line.trim().split(/\s+/)[3] ?? '')
        .filter((address) => address !== '' && !address.startsWith('127.0.0.1:'));
      assert.deepEqual(others.map((address) => address.split(':').at(-1)).sort(), ['7480', '7481']);
      const { status } = await world.inside(['timeout', '3', 'bash', '-c', ': </dev/tcp/1.1.1.1/80']);
      assert.notEqual(status, 0);
      const admin = await request(`${world.store.access.url}/admin/user`, { dispatcher: world.dispatcher });
      assert.equal(admin.statusCode, 403);
      await admin.body.dump();
    });
  });
});
