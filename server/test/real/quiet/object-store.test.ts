import { after, before, describe } from 'node:test';
import { objectStoreContract } from '../../contract/object-store.ts';
import { StoreWorld } from '../object-store.ts';
import { realStoreSubject } from '../object-store-subject.ts';

describe('the object store of the install', { timeout: 900_000 }, () => {
  const world = new StoreWorld();
  before(() => world.open());
  after(() => world.close());

  objectStoreContract('Ceph', async () => realStoreSubject(world));
});
