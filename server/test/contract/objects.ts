import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import type { Content } from '../../src/object-store/objects.ts';
import type { StoreSubject } from './object-store.ts';
import { refuses } from './verbs.ts';

const contentOf = (bytes: string | Buffer): Content => {
  const body = Buffer.from(bytes as string);
  return { body: Readable.from(body.length === 0 ? [] : [body]), sizeBytes: body.length };
};

/** Keys that break where somebody encodes them once too often, or not at all. */
const KEYS = [
  'plain',
  'a b+c%2Fd%25.txt',
  'folder//double',
  '/leading',
  'trailing/',
  '%2e%2e/%2e%2e/x',
  '<&"\'>',
  'ünïcödé/日本/💣',
  '?query=1&key=other#fragment',
  'é'.repeat(512),
];
const TYPE = 'text/plain';
const MIB = 1024 ** 2;

/** Tests that an object store does what `object-store/objects.ts` says. */
export function objectsContract(name: string, open: () => Promise<StoreSubject>): void {
  describe(`the contract of object stores: ${name}, objects`, () => {
    let subject: StoreSubject;
    before(async () => {
      subject = await open();
      await subject.store.ensureReady(() => {});
      await subject.clear();
      const { one } = subject.teams;
      const limits = { maxBuckets: 10, maxBytes: null };
      await subject.store.ensureTeam({ teamId: one, bucketPrefix: `t${one}-`, ...limits });
    });
    after(async () => {
      await subject?.clear();
      await subject?.close();
    });
    testObjects(() => subject);
  });
}

function testObjects(subject: () => StoreSubject): void {
  const ref = () => ({ teamId: subject().teams.one, name: `t${subject().teams.one}-objects` });

  it('keeps objects byte for byte, under any name, and lists them as folders', async () => {
    const { store } = subject();
    // As buckets are, unless somebody wants them otherwise.
    await store.ensureBucket(ref(), false, { encryption: { type: 'sse-s3' } });
    assert.deepEqual(await store.listObjects(ref(), { prefix: '', after: null, limit: 10 }), {
      objects: [],
      folders: [],
      next: null,
    });
    for (const key of KEYS) await store.putObject(ref(), key, contentOf(`content of ${key}`), TYPE);
    for (const key of KEYS) {
      const opened = await store.openObject(ref(), key);
      assert.equal((await buffer(opened!.body)).toString(), `content of ${key}`, key);
      assert.equal(opened!.sizeBytes, Buffer.byteLength(`content of ${key}`));
    }
    assert.equal(await store.openObject(ref(), 'missing'), null);
    assert.equal(
      await store.openObject({ ...ref(), teamId: subject().teams.two }, 'plain').catch(() => null),
      null,
    );
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await store.listObjects(ref(), { prefix: '', after, limit: 3 });
      seen.push(...page!.folders, ...page!.objects.map(({ key }) => key));
      after = page!.next;
    } while (after !== null);
    const top = KEYS.map((key) => (key.includes('/') ? `${key.split('/')[0]}/` : key));
    assert.deepEqual(seen.sort(), [...new Set(top)].sort());
    const inside = await store.listObjects(ref(), { prefix: 'ünïcödé/', after: null, limit: 3 });
    assert.deepEqual([inside!.folders, inside!.objects], [['ünïcödé/日本/'], []]);
    assert.deepEqual(await store.removeObjects(ref(), [...KEYS, 'missing']), []);
    assert.deepEqual((await store.listObjects(ref(), { prefix: '', after: null, limit: 3 }))!.objects, []);
  });

  it('takes empty objects, and none whose body has another length than it says', async () => {
    const { store } = subject();
    await store.putObject(ref(), 'empty/', contentOf(''), TYPE);
    assert.equal((await store.openObject(ref(), 'empty/'))!.sizeBytes, 0);
    const short = { body: Readable.from([Buffer.from('short')]), sizeBytes: 1000 };
    await assert.rejects(store.putObject(ref(), 'short', short, TYPE));
    assert.equal(await store.openObject(ref(), 'short'), null);
    await store.removeObjects(ref(), ['empty/']);
  });

  it('makes parts an object once they are complete, and nothing of those that are given up', async () => {
    const { store } = subject();
    const key = 'in/parts';
    const sizes = [5 * MIB, 17];
    const uploadId = await store.beginUpload(ref(), key, TYPE);
    const parts = [];
    for (const [index, size] of sizes.entries()) {
      const content = contentOf(Buffer.alloc(size, `${index}`));
      parts.push({
        number: index + 1,
        etag: await store.putPart(ref(), { key, uploadId }, index + 1, content),
      });
    }
    assert.equal(await store.openObject(ref(), key), null);
    const wrong = [{ number: 1, etag: '"00000000000000000000000000000000"' }];
    await refuses(store.completeUpload(ref(), { key, uploadId }, wrong), 'invalid');
    await store.completeUpload(ref(), { key, uploadId }, parts);
    const { sizeBytes, body } = (await store.openObject(ref(), key))!;
    assert.equal(sizeBytes, 5 * MIB + 17);
    assert.equal((await buffer(body)).length, sizeBytes);
    await refuses(store.putPart(ref(), { key, uploadId: '2~none' }, 1, contentOf('x')), 'not_found');
    const other = await store.beginUpload(ref(), 'given-up', TYPE);
    for (const _ of [1, 2]) await store.abortUpload(ref(), { key: 'given-up', uploadId: other });
    assert.equal(await store.openObject(ref(), 'given-up'), null);
    await store.removeObjects(ref(), [key]);
  });

  it('refuses what goes beyond the limit of the bucket', async () => {
    const { store } = subject();
    await store.ensureBucket(ref(), false, { maxBytes: 100_000 });
    await refuses(store.putObject(ref(), 'large', contentOf(Buffer.alloc(200_000)), TYPE), 'invalid');
    await store.removeBucket(ref());
    assert.equal(await store.listObjects(ref(), { prefix: '', after: null, limit: 3 }), null);
  });
}
