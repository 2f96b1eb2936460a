import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf, newCache } from '../../../test/client.ts';
import { customerOf } from '../../../test/customer.ts';
import { createTeam, startTestApp, type TestApp } from '../../../test/harness.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import { SERVICE_IMAGES } from '../../images/recipes.ts';

describe('publication of databases and caches', () => {
  let test: TestApp;
  let call: Call;

  before(async () => {
    test = await startTestApp();
    call = clientOf(test.app.url!, test.team.token);
    await test.database.pool.query(`update teams set quotas = '{"database": 100, "cache": 100}'`);
    // Their parameters are known then.
    for (const image of SERVICE_IMAGES) await test.plane.ensureImage(image);
  });
  after(() => test.close());

  const customer = customerOf((...request) => call(...request));
  const { ended } = customer;
  const show = (id: string) => customer.show('database', id);
  const running = (changes: Record<string, unknown> = {}) => customer.running('database', changes);

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
    const stranger = await createTeam(test.database);
    const others = clientOf(test.app.url!, stranger.token);
    const foreign = (await others('POST', '/cache', newCache())).body.instance.id;
    const publishForeign = async () => (await others('POST', `/cache/${foreign}/dns`)).body.dns_port;
    // The host refuses to take the rule away.
    test.plane.faults.failNext('ensureSettings', new DataPlaneError('failed', 'The host refused.'));
    const withdrawal = await call('DELETE', `/database/${id}/dns`);
    assert.equal((await ended(withdrawal)).state, 'failed');
    assert.equal((await show(id)).dns_port, dns_port);
    assert.notEqual(await publishForeign(), dns_port);
    // A problem with the engine does not keep its owner from withdrawing it.
    await test.database.pool.query(`update instances set status = 'error' where id = $1`, [id]);
    await ended(await call('DELETE', `/database/${id}/dns`));
    assert.equal((await show(id)).dns_port, null);
    assert.notEqual(await publishForeign(), dns_port);
    // Its own again, as long as it lives.
    assert.equal((await call('POST', `/database/${id}/dns`)).body.dns_port, dns_port);
  });
});
