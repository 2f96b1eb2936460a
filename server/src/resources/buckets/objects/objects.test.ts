import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf } from '../../../../test/client.ts';
import {
  createTeam,
  joinTeam,
  openSession,
  startTestApp,
  type TestApp,
  type TestTeam,
  waitFor,
} from '../../../../test/harness.ts';
import { makeBucket } from '../../../../test/object-storage.ts';

/** Keys that break paths, headers, pages or encodings where somebody is careless. */
const HOSTILE = [
  'a b+c%2Fd%25.txt',
  'a//b///c',
  '/leading',
  'trailing/',
  '%2e%2e/%2e%2e/etc/passwd',
  '...',
  'x/..y/z..',
  '"quoted"; filename=evil.html',
  '<img src=x onerror=alert(1)>.html',
  'ünïcödé/日本/💣',
  "it's (a) *star*!",
  '?query=1&key=other#fragment',
  '\\back\\slash',
  'é'.repeat(512),
];

describe('objects of buckets', () => {
  let test: TestApp;
  let team: TestTeam;
  let call: Call;
  let bucket = '';
  before(async () => {
    test = await startTestApp({ still: ['buckets'] });
    team = await createTeam(test.database);
    call = clientOf(test.app.url!, team.token);
    bucket = (await makeBucket(call, 'photos')).id;
  });
  after(() => test?.close());

  const at = (path = '', id = bucket) => `/storage/buckets/${id}/objects${path}`;
  const urlOf = (query: Record<string, string>, id = bucket) =>
    `${test.app.url}/api/v1${at('/content', id)}?${new URLSearchParams(query)}`;
  const bytes = 'application/octet-stream';

  async function put(
    key: string,
    body: string | Uint8Array,
    more: Record<string, string> = {},
    headers = {},
  ) {
    const response = await fetch(urlOf({ key, ...more }), {
      method: 'PUT',
      headers: { authorization: `Bearer ${team.token}`, 'content-type': bytes, ...headers },
      body,
    });
    return { status: response.status, body: (await response.json()) as Record<string, never> };
  }
  const get = (key: string, headers: Record<string, string> = { authorization: `Bearer ${team.token}` }) =>
    fetch(urlOf({ key }), { headers });
  const list = async (query: Record<string, string> = {}) => {
    const answer = await call('GET', `${at()}?${new URLSearchParams(query)}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body as {
      data: { key: string; size_bytes: number }[];
      folders: string[];
      next_cursor: string | null;
    };
  };
  const keysOf = ({ data }: { data: { key: string }[] }) => data.map(({ key }) => key);

  it('come back byte for byte under any name, and never as a page', async () => {
    for (const [index, key] of HOSTILE.entries()) {
      const body = `<script>${index}</script>`;
      const written = await put(key, body, { media_type: 'text/html' });
      assert.equal(written.status, 200, `${key}: ${JSON.stringify(written.body)}`);
      const response = await get(key);
      assert.equal(await response.text(), body, key);
      assert.equal(response.headers.get('content-type'), bytes);
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
      assert.match(response.headers.get('content-security-policy')!, /^sandbox; default-src 'none'/);
      const disposition = response.headers.get('content-disposition')!;
      assert.match(disposition, /^attachment; filename="[\w.-]*"; filename\*=UTF-8''[\w.%~!-]*$/);
    }
    const { deleted, kept } = (await call('POST', at('/delete'), { keys: HOSTILE })).body;
    assert.deepEqual([deleted, kept], [HOSTILE.length, []]);
    assert.equal((await get(HOSTILE[0]!)).status, 404);
  });

  it('with names that no request can name are refused, and nothing else is reached', async () => {
    const refused = [
      '..',
      '../t1-other/secret',
      'a/../b',
      'a/./b',
      '.',
      'x/..',
      'é'.repeat(513),
      'a\0b',
      'a\nb',
      '',
    ];
    for (const key of refused) {
      assert.equal((await put(key, 'x')).status, 422, key);
      assert.equal((await get(key)).status, 422, key);
    }
    assert.deepEqual((await list()).data, []);
  });

  it('are listed as folders, page by page', async () => {
    const keys = ['a/1', 'a/2', 'b/c/1', 'top', 'z'];
    for (const key of keys) await put(key, key);
    assert.equal((await put('empty/', '')).status, 200);
    const all = await list();
    assert.deepEqual(
      [all.folders, keysOf(all), all.next_cursor],
      [['a/', 'b/', 'empty/'], ['top', 'z'], null],
    );
    assert.deepEqual(keysOf(await list({ prefix: 'a/' })), ['a/1', 'a/2']);
    assert.deepEqual((await list({ prefix: 'b/' })).folders, ['b/c/']);
    const seen: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const page: Awaited<ReturnType<typeof list>> = await list({
        per_page: '2',
        ...(after ? { after } : {}),
      });
      seen.push(...page.folders, ...keysOf(page));
      after = page.next_cursor;
    }
    assert.deepEqual(seen, ['a/', 'b/', 'empty/', 'top', 'z']);
    await call('POST', at('/delete'), { keys: [...keys, 'empty/'] });
  });

  it('that are large are sent in parts', async () => {
    const key = 'large.bin';
    const tooLarge = await put(key, new Uint8Array(16 * 1024 ** 2 + 1));
    assert.deepEqual([tooLarge.status, tooLarge.body.code], [413, 'payload_too_large']);
    const begun = await call('POST', at('/uploads'), { key });
    assert.equal(begun.status, 201, JSON.stringify(begun.body));
    const { upload_id, part_bytes } = begun.body;
    const sizes = [part_bytes, 1000];
    const parts = [];
    for (const [index, size] of sizes.entries()) {
      const part = await put(key, new Uint8Array(size), { upload_id, part_number: String(index + 1) });
      assert.equal(part.status, 200, JSON.stringify(part.body));
      parts.push({ part_number: index + 1, etag: part.body.etag });
    }
    assert.deepEqual(keysOf(await list()), [], 'it is there before it is complete');
    const body = { key, upload_id, parts };
    const headers = { 'idempotency-key': 'complete large.bin' };
    const first = await call('POST', at('/uploads/complete'), body, headers);
    assert.equal(first.status, 200, JSON.stringify(first.body));
    const again = await call('POST', at('/uploads/complete'), body, headers);
    assert.deepEqual([again.status, again.body], [200, first.body]);
    assert.equal((await call('POST', at('/uploads/complete'), body)).status, 404);
    assert.deepEqual(
      (await list()).data.map(({ size_bytes }) => size_bytes),
      [part_bytes + 1000],
    );
    await call('POST', at('/delete'), { keys: [key] });
  });

  it('that are given up, or whose parts are missing, are not there', async () => {
    const key = 'given-up';
    const { upload_id } = (await call('POST', at('/uploads'), { key })).body;
    const parts = [{ part_number: 1, etag: '"none"' }];
    const missing = await call('POST', at('/uploads/complete'), { key, upload_id, parts });
    assert.deepEqual([missing.status, missing.body.code], [422, 'invalid_state']);
    const alone = await put(key, 'x', { upload_id });
    assert.deepEqual([alone.status, Object.keys(alone.body.errors!)], [422, ['part_number']]);
    for (const _ of [1, 2])
      assert.equal((await call('POST', at('/uploads/abort'), { key, upload_id })).status, 200);
    assert.equal((await put(key, 'x', { upload_id, part_number: '1' })).status, 404);
    assert.deepEqual((await list()).data, []);
  });

  it('of which less comes than was said are not written', async () => {
    const url = new URL(urlOf({ key: 'cut-off' }));
    await new Promise<void>((resolve) => {
      const headers = {
        authorization: `Bearer ${team.token}`,
        'content-type': bytes,
        'content-length': '1000',
      };
      const sent = httpRequest(url, { method: 'PUT', headers });
      sent.on('error', () => resolve());
      sent.on('close', () => resolve());
      sent.write('only this', () => sent.destroy());
    });
    // The team has only so many at once: that the slots are free again shows that the server has noticed.
    await waitFor('the server to give it up', async () => (await put('after', 'x')).status === 200);
    assert.deepEqual(keysOf(await list()), ['after']);
    await call('POST', at('/delete'), { keys: ['after'] });
  });

  it('take bytes only, with their length', async () => {
    const json = await put('x', '{}', {}, { 'content-type': 'application/json' });
    assert.equal(json.status, 415);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from('x'));
        controller.close();
      },
    });
    const response = await fetch(urlOf({ key: 'x' }), {
      method: 'PUT',
      headers: { authorization: `Bearer ${team.token}`, 'content-type': bytes },
      body: stream,
      duplex: 'half',
    } as RequestInit);
    assert.equal(response.status, 400);
  });

  it('belong to the team: another one finds no bucket, and a viewer changes nothing', async () => {
    await put('secret', 'x');
    const stranger = await createTeam(test.database);
    const asStranger = clientOf(test.app.url!, stranger.token);
    const foreign = { authorization: `Bearer ${stranger.token}` };
    assert.equal((await get('secret', foreign)).status, 404);
    assert.equal((await get('secret', { ...foreign, 'x-team-id': String(team.teamId) })).status, 404);
    assert.equal((await get('secret', {})).status, 401);
    assert.equal((await asStranger('GET', at())).status, 404);
    assert.equal((await asStranger('POST', at('/delete'), { keys: ['secret'] })).status, 404);
    const viewer = await joinTeam(test.database, stranger.accountId, team.teamId, 'viewer');
    const asViewer = clientOf(test.app.url!, viewer);
    assert.equal((await get('secret', { authorization: `Bearer ${viewer}` })).status, 200);
    for (const [path, body] of [
      ['/delete', { keys: ['secret'] }],
      ['/uploads', { key: 'secret' }],
    ] as const)
      assert.equal((await asViewer('POST', at(path), body)).body.code, 'missing_scope');
    const written = await fetch(urlOf({ key: 'secret' }), {
      method: 'PUT',
      headers: { authorization: `Bearer ${viewer}`, 'content-type': bytes },
      body: 'y',
    });
    assert.equal(written.status, 403);
    assert.equal(await (await get('secret')).text(), 'x');
    await call('POST', at('/delete'), { keys: ['secret'] });
  });

  it('can be downloaded by a link in a browser, and written by pages of the install only', async () => {
    await put('linked', 'x');
    const cookie = await openSession(test.database, team);
    assert.equal(await (await get('linked', { cookie })).text(), 'x');
    for (const origin of ['http://evil.example', 'null', undefined]) {
      const response = await fetch(urlOf({ key: 'linked' }), {
        method: 'PUT',
        headers: { cookie, 'content-type': bytes, ...(origin ? { origin } : {}) },
        body: 'y',
      });
      assert.equal(response.status, 403, String(origin));
    }
    await call('POST', at('/delete'), { keys: ['linked'] });
  });

  it('are in the audit log and among the events', async () => {
    await put('told/of', 'four');
    await call('POST', at('/delete'), { keys: ['told/of'] });
    const { data } = (await call('GET', '/audit?per_page=100')).body;
    const entry = (action: string) =>
      data.find(
        (one: { action: string; after: { key?: string; deleted?: string[] } | null }) =>
          one.action === action,
      );
    assert.deepEqual(entry('putBucketObject').after, { key: 'told/of', bytes: 4 });
    assert.deepEqual(entry('deleteBucketObjects').after, { deleted: ['told/of'] });
    assert.deepEqual(entry('putBucketObject').resource_id ?? entry('putBucketObject').resource?.id, bucket);
    const events = (await call('GET', '/events?limit=500')).body.data as {
      type: string;
      message: string;
    }[];
    const messages = events.filter(({ type }) => /bucket\.object/.test(type)).map(({ message }) => message);
    assert.ok(
      messages.includes('The object told/of was uploaded to the bucket photos.'),
      messages.join('\n'),
    );
    assert.ok(messages.includes('1 object was deleted from the bucket photos.'));
  });

  it('of a bucket that is full are refused with the reason', async () => {
    const full = await makeBucket(call, 'full', { size_limit_bytes: 1_000_000 });
    const response = await fetch(urlOf({ key: 'large' }, full.id), {
      method: 'PUT',
      headers: { authorization: `Bearer ${team.token}`, 'content-type': bytes },
      body: new Uint8Array(1_000_001),
    });
    assert.equal(response.status, 422);
    assert.match(((await response.json()) as { message: string }).message, /full/);
  });
});
