import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientOf, newCache } from '../../../test/client.ts';
import { suiteWithDatabases } from '../../../test/database-world.ts';
import { createTeam } from '../../../test/harness.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';

describe('publication of databases and caches', () => {
  const world = suiteWithDatabases();
  const { call, ended, show, running } = world;

  it('publishes at a port of its own, tells the truth about it, and withdraws', async () => {
    const id = await running();
    const published = await call('POST', `/database/${id}/dns`);
    const { dns_hostname, dns_port } = published.body;
    assert.equal(dns_hostname, '203.0.113.7');
    await ended(published);
    const database = await show(id);
    assert.equal(database.public_endpoint, `203.0.113.7:${dns_port}`);
    assert.deepEqual([database.connection_host, database.connection_port], [dns_hostname, dns_port]);
    const other = await running();
    assert.notEqual((await call('POST', `/database/${other}/dns`)).body.dns_port, dns_port);
    assert.equal((await call('POST', `/database/${id}/dns`)).body.dns_port, dns_port);
    await ended(await call('DELETE', `/database/${id}/dns`));
    assert.equal((await show(id)).public_endpoint, null);
    assert.equal((await call('DELETE', `/database/${id}/dns`)).body.operation_id, null);
  });

  it('never gives a port away while its rule may still be there', async () => {
    const id = await running();
    const published = await call('POST', `/database/${id}/dns`);
    const { dns_port } = published.body;
    await ended(published);
    const stranger = await createTeam(world.test.database);
    const others = clientOf(world.test.app.url!, stranger.token);
    const foreign = (await others('POST', '/cache', newCache())).body.instance.id;
    const publishForeign = async () => (await others('POST', `/cache/${foreign}/dns`)).body.dns_port;
    // The host refuses to take the rule away.
    world.test.plane.faults.failNext('ensureSettings', new DataPlaneError('failed', 'The host refused.'));
    const withdrawal = await call('DELETE', `/database/${id}/dns`);
    assert.equal((await ended(withdrawal)).state, 'failed');
    assert.equal((await show(id)).dns_port, dns_port);
    assert.notEqual(await publishForeign(), dns_port);
    // A problem with the engine does not keep its owner from withdrawing it.
    await world.test.database.pool.query(`update instances set status = 'error' where id = $1`, [id]);
    await ended(await call('DELETE', `/database/${id}/dns`));
    assert.equal((await show(id)).dns_port, null);
    assert.notEqual(await publishForeign(), dns_port);
    // Its own again, as long as it lives.
    assert.equal((await call('POST', `/database/${id}/dns`)).body.dns_port, dns_port);
  });
});
