import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ObjectStore } from '../../src/object-store/contract.ts';
import { createOtherObjectStore } from '../../src/object-store/rgw/other.ts';
import { GATEWAY_PORT, gatewayAddress, readStore } from '../../src/object-store/rgw/row.ts';
import { objectStoreContract } from '../contract/object-store.ts';
import { slice } from '../slice.ts';
import type { StoreWorld } from './object-store.ts';
import { realStoreSubject } from './object-store-subject.ts';

/** Another install, and teams that nobody else has in the gateway. */
const INSTALL = 'second';
const FIRST = slice.firstTeam + 740;

/** Tests what `S3_ENDPOINT` selects: to another install, the gateway of this one is a Ceph of its operator's. */
export function testOtherCeph(world: StoreWorld): void {
  describe('as the Ceph of another install', () => {
    let store: ObjectStore;
    before(async () => {
      store = await open(world);
    });
    after(() => store?.close());

    it('is there from the beginning, and keeps no log that could be read', async () => {
      assert.equal(await store.isMade(), true);
      await store.ensureReady(() => undefined);
      assert.equal(await store.readRequests(null, 1), null);
    });
  });
  objectStoreContract('another Ceph', async () => {
    const other: StoreWorld = Object.create(world, { store: { value: await open(world) } });
    return realStoreSubject(other, FIRST);
  });
}

async function open({ database, secrets, store }: StoreWorld): Promise<ObjectStore> {
  const row = (await readStore(database.db, secrets))!;
  const { accessKey, secretKey } = row.credentials;
  const endpoint = `http://${gatewayAddress(row)}:${GATEWAY_PORT}`;
  const { region } = store.access;
  return createOtherObjectStore({ region, domain: null }, { endpoint, accessKey, secretKey }, INSTALL);
}
