import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { IncusClient } from '../../dataplane/incus/client.ts';
import { imageAlias } from '../../dataplane/incus/names.ts';
import { listIncus } from './incus-contents.ts';

/** An answer of Incus 6.0 about images: one whose import was killed before it had an alias, and one of the install. */
const IMAGES = [
  { fingerprint: 'nameless', aliases: null },
  { fingerprint: 'ours', aliases: [{ name: imageAlias('3f2a10', 'debian-12') }] },
];

it('lists the contents of an Incus with images that have no alias', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-incus-'));
  const server = http.createServer(({ url }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ type: 'sync', metadata: url!.startsWith('/1.0/images') ? IMAGES : [] }));
  });
  const socketPath = path.join(folder, 'socket');
  server.listen(socketPath);
  await once(server, 'listening');
  const client = new IncusClient({ socketPath });
  try {
    assert.deepEqual((await listIncus(client, '3f2a10', 'pool')).images, ['ours']);
  } finally {
    await client.close();
    server.close();
    await rm(folder, { recursive: true });
  }
});
