import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { request } from 'undici';
import { createTestDatabase, type TestDatabase } from '../../../test/database.ts';
import { migrate } from '../../db/migrate.ts';
import { createSecretBox } from '../../lib/crypto.ts';
import { createLog } from '../../lib/log.ts';
import { createBucketKeys } from './bucket-keys.ts';
import { createKeyService } from './key-service.ts';

describe('the key service of the object store', () => {
  let database: TestDatabase;
  let server: Server;
  const secrets = createSecretBox(randomBytes(32));
  const serve = async (): Promise<Server> => {
    const created = createKeyService(createBucketKeys(database, secrets), 'right', createLog('silent'));
    await new Promise<void>((resolve) => created.listen(0, '127.0.0.1', resolve));
    return created;
  };
  before(async () => {
    database = await createTestDatabase();
    await migrate(database.db);
    server = await serve();
  });
  after(async () => {
    await new Promise((resolve) => server?.close(resolve));
    await database?.drop();
  });

  const ask = async (path: string, body: object = {}, token = 'right') => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/transit/${path}`;
    const headers = { 'x-vault-token': token };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, data: text === '' ? null : JSON.parse(text).data };
  };
  const context = Buffer.from('object one').toString('base64');

  it('gives data keys, and opens them again after a restart, for the same bucket and context only', async () => {
    for (const _ of [1, 2]) assert.equal((await ask('keys/bucket.1')).status, 204);
    await ask('keys/bucket.2');
    const made = (await ask('datakey/plaintext/bucket.1', { context })).data;
    assert.equal(Buffer.from(made.plaintext, 'base64').length, 32);
    assert.match(made.ciphertext, /^vault:v1:/);
    await new Promise((resolve) => server.close(resolve));
    server = await serve();
    const { ciphertext } = made;
    assert.equal((await ask('decrypt/bucket.1', { ciphertext, context })).data.plaintext, made.plaintext);
    assert.equal((await ask('decrypt/bucket.2', { ciphertext, context })).status, 400);
    const other = Buffer.from('object two').toString('base64');
    assert.equal((await ask('decrypt/bucket.1', { ciphertext, context: other })).status, 400);
    assert.equal((await ask('decrypt/bucket.1', { ciphertext: 'vault:v1:AAAA', context })).status, 400);
  });

  it('has nothing for who does not have its token, and for other names', async () => {
    for (const token of ['wrong', '', 'right '.repeat(2)]) {
      assert.equal((await ask('datakey/plaintext/bucket.1', { context }, token)).status, 403);
    }
    assert.equal((await ask('datakey/plaintext/none', { context })).status, 400);
    assert.equal((await ask('export/bucket.1')).status, 404);
  });

  it('takes a token that is sent twice, as the gateway does', async () => {
    const { port } = server.address() as AddressInfo;
    const headers = ['X-Vault-Token', 'right', 'X-Vault-Token', 'right'];
    const sent = await request(`http://127.0.0.1:${port}/v1/transit/keys/bucket.1`, {
      method: 'POST',
      headers,
    });
    assert.equal(sent.statusCode, 204);
    await sent.body.dump();
  });

  it('keeps keys sealed', async () => {
    const { rows } = await database.pool.query('select key_sealed from object_store_keys');
    assert.equal(rows.length, 2);
    for (const { key_sealed: sealed } of rows) {
      assert.equal(Buffer.from(secrets.open(sealed), 'base64').length, 32);
    }
  });
});
