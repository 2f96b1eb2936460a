import assert from 'node:assert/strict';
import { it } from 'node:test';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { waitFor } from '../harness.ts';
import { succeeded } from '../object-storage.ts';
import { codeOf, type Keys, type StoreCustomers } from './object-store-customers.ts';
import { readAs, type Scene, SECRET } from './object-store-scene.ts';

/** Presigned addresses that somebody changes, or uses for longer than he may. */
export function testPresigned(customers: StoreCustomers, scene: Scene): void {
  /** The path of a presigned address, with the query. */
  const presign = async (keys: Keys, command: GetObjectCommand | PutObjectCommand, expiresIn = 60) => {
    const client = customers.world.client(keys);
    const url = new URL(await getSignedUrl(client, command, { expiresIn }));
    client.destroy();
    return `${url.pathname}${url.search}`;
  };
  const asked = async (path: string, changes: { method?: 'GET' | 'PUT'; host?: string } = {}) => {
    const { method = 'GET', host } = changes;
    const headers = host === undefined ? {} : { host };
    return codeOf(
      await customers.send({ path, method, headers, ...(method === 'PUT' ? { body: 'x' } : {}) }),
    );
  };

  it('a presigned address is for one object, one method and one host', async () => {
    const { own, open, keys } = scene;
    const path = await presign(keys.read, new GetObjectCommand({ Bucket: own, Key: 'in/one' }));
    assert.equal(await asked(path), 'ok');
    for (const changed of [
      path.replace('in/one', 'out/one'),
      path.replace(own, open),
      path.replace('X-Amz-Expires=60', 'X-Amz-Expires=600'),
      path.replace(keys.read.accessKeyId, keys.team.accessKeyId),
    ]) {
      assert.notEqual(changed, path);
      assert.equal(await asked(changed), 'SignatureDoesNotMatch', changed);
    }
    assert.equal(await asked(path, { method: 'PUT' }), 'SignatureDoesNotMatch');
    assert.equal(await asked(path, { host: 's3.example.org' }), 'SignatureDoesNotMatch');
  });

  it('a presigned address may do no more than the key that signed it, and no longer', async () => {
    const { own, foreign, keys } = scene;
    const put = (Bucket: string, Key: string) => new PutObjectCommand({ Bucket, Key });
    assert.equal(await asked(await presign(keys.read, put(own, 'in/x')), { method: 'PUT' }), 'AccessDenied');
    assert.equal(
      await asked(await presign(keys.prefix, put(own, 'out/x')), { method: 'PUT' }),
      'AccessDenied',
    );
    assert.equal(await asked(await presign(keys.team, put(foreign, 'x')), { method: 'PUT' }), 'AccessDenied');
    const get = new GetObjectCommand({ Bucket: own, Key: 'in/one' });
    const short = await presign(keys.read, get, 1);
    await waitFor('the address to expire', async () => (await asked(short)) === 'AccessDenied');
    const passing = await customers.key({ scope: 'team' });
    const revoked = await presign(passing, get);
    assert.equal(await asked(revoked), 'ok');
    await succeeded(customers.call, await customers.call('DELETE', `/storage/access-keys/${passing.id}`));
    assert.equal(await asked(revoked), 'InvalidAccessKeyId');
  });
}

/** Paths and hosts that are spelled in ways that a gateway could misunderstand. */
export function testPaths(customers: StoreCustomers, scene: Scene): void {
  const raw = (path: string, headers: Record<string, string> = {}) => customers.send({ path, headers });

  it('no spelling of a path leads from what is public to what is not', async () => {
    const { own, open } = scene;
    assert.equal((await raw(`/${open}/one`)).body, SECRET);
    for (const path of [
      `/${open}/../${own}/out/one`,
      `/${open}/%2e%2e/${own}/out/one`,
      `/${open}/..%2f${own}/out/one`,
      `/${open}%2f..%2f${own}/out/one`,
      `/${open}/%252e%252e%252f${own}%252fout%252fone`,
      `//${own}/out/one`,
      `/${own}//out/one`,
      `/./${own}/out/one`,
      `/${own}%2fout%2fone`,
      `/${own}/out/one?x-id=GetObject&versionId=null`,
      `/${own}/out/one?response-content-type=text/html`,
      `/%00${own}/out/one`,
      `/${own}/out/one%00`,
    ]) {
      const { status, body } = await raw(path);
      assert.ok(status >= 400 && !body.includes(SECRET), `${path}: ${status} ${body}`);
    }
  });

  it('no host in a request leads to what is not public', async () => {
    const { own, open } = scene;
    for (const [host, path] of [
      [own, '/out/one'],
      [`${own}.s3.amazonaws.com`, '/out/one'],
      [`${own}.127.0.0.1`, '/out/one'],
      [open, `/${own}/out/one`],
      [`${open}/${own}`, '/out/one'],
      ['admin', '/user'],
      ['127.0.0.1:7480', `/${own}/out/one`],
    ] as const) {
      const { status, body } = await raw(path, { host });
      assert.ok(status >= 400 && !body.includes(SECRET), `${host} ${path}: ${status} ${body}`);
    }
  });

  it('a prefix is that of the name, whatever the name looks like', async () => {
    const { own, prefix, team } = scene;
    const Key = 'in/../out/new';
    await prefix.send(new PutObjectCommand({ Bucket: own, Key, Body: 'x' }));
    const { Contents = [] } = await team.send(new ListObjectsV2Command({ Bucket: own }));
    assert.deepEqual(Contents.map((one) => one.Key).sort(), [Key, 'in/one', 'out/one']);
    for (const key of ['in/../out/one', 'in', 'inner', 'out/in/one', '/in/one', '../in/one'])
      assert.equal(await readAs(prefix, own, key), 'AccessDenied', key);
  });
}
