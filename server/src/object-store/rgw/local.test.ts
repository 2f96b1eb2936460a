import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { Agent, request } from 'undici';
import { createTestDatabase, type TestDatabase } from '../../../test/database.ts';
import { TEST_POOLS, waitFor } from '../../../test/harness.ts';
import { readConfig } from '../../config.ts';
import { createSimDataPlane } from '../../dataplane/sim/data-plane.ts';
import { migrate } from '../../db/migrate.ts';
import { createSecretBox } from '../../lib/crypto.ts';
import { createLog } from '../../lib/log.ts';
import { createAuthority } from '../../lib/pki.ts';
import type { ObjectStore } from '../contract.ts';
import { createLocalObjectStore } from './local.ts';
import { readStore } from './row.ts';

const secrets = createSecretBox(randomBytes(32));

/** The instance is a simulated one, so what is tried here is what this process does around it. */
describe('the object store that an install runs', () => {
  let database: TestDatabase;
  let store: ObjectStore;
  after(async () => {
    await store?.close();
    await database?.drop();
  });
  before(async () => {
    database = await createTestDatabase();
    await migrate(database.db);
  });

  it('sends nothing to the address of the gateway before the network of that is made', async (context) => {
    const plane = createSimDataPlane({ stateFile: null, latencyMs: 0 });
    let build = (): void => undefined;
    const built = new Promise<void>((resolve) => {
      build = resolve;
    });
    const { ensureImage } = plane;
    plane.ensureImage = (...image) => built.then(() => ensureImage(...image));
    const authority = await createAuthority('test');
    const local = createLocalObjectStore({
      ...{ database, secrets, plane, pools: TEST_POOLS, authority: async () => authority },
      s3: readConfig({ DANUBE_S3_SIZE_GB: '10' }).s3,
      ...{ publicAddress: '127.0.0.1', installId: 'abcdef', serves: false, log: createLog('silent') },
    });
    context.after(async () => {
      await local.close();
      await plane.close();
      await sql`truncate object_store`.execute(database.db);
    });
    const sent = context.mock.method(globalThis, 'fetch', async () => Response.json({}));
    const making = local.ensureReady(() => undefined);
    await waitFor('the store to have its address', () => readStore(database.db, secrets));
    assert.equal(await local.isMade(), false);
    await assert.rejects(local.listBuckets(), { code: 'unreachable' });
    assert.equal(await local.readRequests(null, 1), null);
    // A workflow that begins at that time waits for the same.
    const second = local.ensureReady(() => undefined);
    assert.equal(sent.mock.callCount(), 0);
    build();
    await Promise.all([making, second]);
    assert.equal(await local.isMade(), true);
  });

  it('serves its port as soon as whoever has it lets go of it', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, resolve));
    const { port } = other.address() as AddressInfo;
    const authority = await createAuthority('test');
    store = createLocalObjectStore({
      s3: readConfig({ DANUBE_S3_PORT: String(port), DANUBE_S3_SIZE_GB: '10' }).s3,
      database,
      secrets,
      plane: createSimDataPlane({ stateFile: null, latencyMs: 0 }),
      pools: TEST_POOLS,
      authority: async () => authority,
      publicAddress: '127.0.0.1',
      installId: 'abcdef',
      serves: true,
      log: createLog('silent'),
    });
    assert.equal(await store.isMade(), false);
    for (const _ of [1, 2]) await store.ensureReady(() => undefined);
    assert.equal(await store.isMade(), true);
    await new Promise((resolve) => other.close(resolve));
    const dispatcher = new Agent({ connect: { ca: authority.certificate } });
    const answer = await waitFor('the port to be served', () =>
      request(`${store.access.url}/admin/user`, { dispatcher }).catch(() => null),
    );
    // The front answers this itself; where there is no network of the store, it is starting.
    assert.ok([403, 503].includes(answer.statusCode), String(answer.statusCode));
    assert.match(await answer.body.text(), /<RequestId>tx-danube-/);
    await dispatcher.close();
  });
});
