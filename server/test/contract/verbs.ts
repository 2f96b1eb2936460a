import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DataPlaneError, type DataPlaneErrorCode } from '../../src/dataplane/contract/errors.ts';
import { CATALOG } from '../../src/images/catalog.ts';
import { PLATFORM_IMAGES, SERVICE_IMAGES } from '../../src/images/recipes.ts';
import { firewall, openTo, rule } from './firewalls.ts';
import { networkOf, type Subject, specOf, TEAMS } from './subjects.ts';

/** Asserts that the data plane rejects with this code. */
export const refuses = (promise: Promise<unknown>, code: DataPlaneErrorCode): Promise<void> =>
  assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof DataPlaneError, `a DataPlaneError, not ${error}`);
    assert.equal(error.code, code, error.message);
    return true;
  });

/** What the tests share. */
interface World {
  subject: Subject;
}

const one = specOf('one', 21);
const two = specOf('two', 22, {
  addresses: { ipv4: null, ipv6: networkOf(TEAMS.one).ipv6.gateway.replace(/1$/, '16') },
});
const missing = { teamId: TEAMS.one, name: 'vps-contract-missing' };
const namesLeft = async ({ subject }: World) =>
  (await subject.plane.listInstances()).map(({ ref }) => ref.name);

/** The contract of every data plane, for any kind of instance. */
export function verbsContract(name: string, open: () => Promise<Subject>): void {
  describe(`data plane ${name}: verbs`, () => {
    const world = {} as World;
    before(async () => {
      world.subject = await open();
      await world.subject.clear();
    });
    after(async () => {
      await world.subject?.clear();
      await world.subject?.close();
    });

    testHost(world, name);
    testFirewallsAndImages(world);
    testCreation(world);
    testSettings(world);
    testPower(world);
    testRenewal(world);
    testRemoval(world);
  });
}

function testHost(world: World, name: string): void {
  it('says what it is, and how large its host is', async () => {
    const report = await world.subject.plane.describe();
    assert.equal(report.name, name);
    assert.ok(report.host.vcpu >= 1 && report.host.memoryMb >= 512);
  });

  it('says how much there is to make instances of', async () => {
    const { memoryMb, pool } = await world.subject.plane.describeCapacity();
    assert.ok(memoryMb >= 512);
    assert.ok(pool.totalBytes >= 1024 ** 3 && pool.freeBytes > 0 && pool.freeBytes <= pool.totalBytes);
  });

  it('makes a tenant, twice the same', async () => {
    const tenant = { teamId: TEAMS.one, network: networkOf(TEAMS.one) };
    await Promise.all([world.subject.plane.ensureTenant(tenant), world.subject.plane.ensureTenant(tenant)]);
    await world.subject.plane.ensureTenant(tenant);
  });
}

function testFirewallsAndImages(world: World): void {
  it('takes the firewalls of a team, twice the same, also of instances that are not there', async () => {
    const { plane } = world.subject;
    const narrow = firewall(
      one,
      rule('inbound', 'deny', { protocol: 'tcp', ports: { first: 22, last: 22 }, peers: ['192.0.2.0/24'] }),
      rule('inbound', 'allow', { protocol: 'tcp', ports: { first: 22, last: 22 } }),
      rule('outbound', 'deny', { peers: ['2001:db8::/32', '198.51.100.7'] }),
    );
    for (const firewalls of [openTo(one, two), [narrow], [narrow, ...openTo(two)], [], []]) {
      await Promise.all([0, 1].map(() => plane.ensureFirewalls(TEAMS.one, firewalls)));
      await plane.ensureFirewalls(TEAMS.one, firewalls.toReversed());
    }
    await refuses(plane.ensureFirewalls(TEAMS.none, openTo(one)), 'not_found');
  });

  it('makes an image ready, and knows all images', { timeout: 2_400_000 }, async () => {
    const heard: string[] = [];
    await world.subject.plane.ensureImage('debian-12', (message) => heard.push(message));
    await world.subject.plane.ensureImage('debian-12', () => assert.fail('nothing is left to do'));
    const images = await world.subject.plane.listImages();
    assert.deepEqual(
      images.map((image) => image.name),
      [...CATALOG.map((image) => image.id), ...SERVICE_IMAGES, ...PLATFORM_IMAGES],
    );
    assert.equal(images.find((image) => image.name === 'debian-12')?.state, 'ready');
    for (const { state, reason } of images) assert.equal(reason !== null, state === 'unavailable');
    await refuses(world.subject.plane.ensureImage('no-such-image'), 'image_unavailable');
  });
}

function testCreation(world: World): void {
  it('refuses an instance that cannot be, and leaves nothing of it', async () => {
    const { plane } = world.subject;
    await refuses(plane.ensureInstance(specOf('lost', 21, { teamId: TEAMS.none })), 'not_found');
    await refuses(plane.ensureInstance(specOf('odd', 23, { image: 'no-such-image' })), 'image_unavailable');
    const elsewhere = { ipv4: '192.0.2.7', ipv6: null };
    await refuses(plane.ensureInstance(specOf('far', 23, { addresses: elsewhere })), 'invalid');
    assert.deepEqual(await namesLeft(world), []);
  });

  it('creates an instance once, also when asked twice at the same time', async () => {
    const { plane } = world.subject;
    await Promise.all([plane.ensureInstance(one), plane.ensureInstance(one)]);
    await plane.ensureInstance(one);
    const { ref, addresses, limits } = one;
    assert.deepEqual(await plane.describeInstance(ref), {
      ref,
      power: 'running',
      generation: 1,
      limits,
      image: 'debian-12',
      addresses,
    });
    assert.deepEqual(await plane.listInstances(), [{ ref, power: 'running', generation: 1 }]);
  });

  it('knows an instance without IPv4', async () => {
    await world.subject.plane.ensureInstance(two);
    assert.deepEqual((await world.subject.plane.describeInstance(two.ref))?.addresses, two.addresses);
  });

  it('gives no address to two instances', async () => {
    await refuses(world.subject.plane.ensureInstance(specOf('thief', 21)), 'invalid');
    assert.ok(!(await namesLeft(world)).includes('vps-contract-thief'));
  });
}

function testSettings(world: World): void {
  it('caps cores at what the host has', async () => {
    const { plane } = world.subject;
    const { host } = await plane.describe();
    await plane.ensureSettings(one.ref, {
      limits: { ...one.limits, vcpu: host.vcpu + 1 },
      publish: [],
      autoStart: true,
    });
    assert.equal((await plane.describeInstance(one.ref))?.limits.vcpu, host.vcpu);
  });

  it('changes limits, twice the same; a disk does not shrink', async () => {
    const { plane } = world.subject;
    const larger = { vcpu: 1, memoryMb: 768, diskGb: 4 };
    await plane.ensureSettings(one.ref, { limits: larger, publish: [], autoStart: true });
    await plane.ensureSettings(one.ref, { limits: larger, publish: [], autoStart: true });
    assert.deepEqual((await plane.describeInstance(one.ref))?.limits, larger);
    await refuses(
      plane.ensureSettings(one.ref, { limits: { ...larger, diskGb: 3 }, publish: [], autoStart: true }),
      'invalid',
    );
    await refuses(
      plane.ensureSettings(missing, { limits: larger, publish: [], autoStart: true }),
      'not_found',
    );
  });
}

function testPower(world: World): void {
  it('stops and starts, twice the same', async () => {
    const { plane } = world.subject;
    await plane.ensureStopped(one.ref, 0);
    await plane.ensureStopped(one.ref, 0);
    assert.equal((await plane.describeInstance(one.ref))?.power, 'stopped');
    await refuses(plane.waitForSsh(one.ref, 1), 'stopped');
    await plane.ensureRunning(one.ref);
    await plane.ensureRunning(one.ref);
    const running = await plane.describeInstance(one.ref);
    assert.equal(running?.power, 'running');
    assert.deepEqual(running?.addresses, one.addresses);
  });

  it('starts a stopped instance that is asked for again', async () => {
    await world.subject.plane.ensureStopped(two.ref, 0);
    await world.subject.plane.ensureInstance(two);
    assert.equal((await world.subject.plane.describeInstance(two.ref))?.power, 'running');
  });

  it('says that an instance is missing', async () => {
    const { plane } = world.subject;
    assert.equal(await plane.describeInstance(missing), null);
    await refuses(plane.ensureRunning(missing), 'not_found');
    await refuses(plane.ensureStopped(missing, 0), 'not_found');
    await refuses(plane.waitForSsh(missing, 1), 'not_found');
    await plane.removeInstance(missing);
    // Another team's instance is none of this team's.
    const foreign = { teamId: TEAMS.two, name: one.ref.name };
    assert.equal(await plane.describeInstance(foreign), null);
    await plane.removeInstance(foreign);
    assert.ok(await plane.describeInstance(one.ref));
  });
}

function testRenewal(world: World): void {
  it('replaces an older generation with the same addresses, and never a newer one', async () => {
    const { plane } = world.subject;
    await plane.ensureInstance({ ...one, generation: 2 });
    await plane.ensureInstance({ ...one, generation: 2 });
    const now = await plane.describeInstance(one.ref);
    assert.deepEqual([now?.generation, now?.power, now?.addresses], [2, 'running', one.addresses]);
    await refuses(plane.ensureInstance(one), 'invalid');
  });

  it('makes an instance again that was deleted behind its back', async () => {
    await world.subject.deleteBehindOurBack(two.ref);
    assert.equal(await world.subject.plane.describeInstance(two.ref), null);
    await world.subject.plane.ensureInstance(two);
    assert.equal((await world.subject.plane.describeInstance(two.ref))?.power, 'running');
  });
}

function testRemoval(world: World): void {
  it('keeps a tenant that has instances', async () => {
    await refuses(world.subject.plane.removeTenant(TEAMS.one), 'invalid');
    assert.equal((await world.subject.plane.describeInstance(one.ref))?.power, 'running');
  });

  it('removes instances and tenants, twice the same', async () => {
    const { plane } = world.subject;
    for (const spec of [one, one, two]) await plane.removeInstance(spec.ref);
    assert.deepEqual(await namesLeft(world), []);
    await plane.removeTenant(TEAMS.one);
    await plane.removeTenant(TEAMS.one);
  });
}
