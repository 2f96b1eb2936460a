import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { rule } from '../../contract/firewalls.ts';
import { waitFor } from '../../harness.ts';
import { type FirewallWorld, openFirewallWorld } from '../firewall-world.ts';
import { killIncus } from '../kill-incus.ts';
import { dies, goesOn, PACKETS, PORTS, port, tcp, udp, verify } from '../packets.ts';
import { PING, PublishedVps, SSH, WEB } from '../published-vps.ts';

/** Sends real packets while Incus, which enforces the firewalls, is killed and restarted. */
describe('firewalls while Incus is killed', { timeout: 2_400_000 }, () => {
  let world: FirewallWorld;

  before(async () => {
    world = await openFirewallWorld();
  });
  after(() => world?.close());

  it('keeps its rules while Incus is killed and starts again', async () => {
    const { outside, specs, guard } = world;
    await guard(rule('inbound', 'allow', { protocol: 'tcp', ...port(PORTS.one) }));
    const knocking = [...tcp(specs.b, PORTS.two)].map((probe) =>
      outside.follow('python3', [PACKETS, 'knock', JSON.stringify(probe)]),
    );
    const [four] = tcp(specs.b, PORTS.one);
    const kept = outside.stream(four!);
    await goesOn(kept);
    for (const one of knocking) await waitFor('knocking', async () => one.lines.includes('up'));
    await killIncus();
    await waitFor('Incus to answer again', answersAgain);
    await verify(outside, { passes: tcp(specs.b), dropped: [...tcp(specs.b, PORTS.two), ...udp(specs.b)] });
    for (const one of knocking) assert.deepEqual(one.lines, ['up'], 'nobody got in meanwhile');
    await goesOn(kept);
    await guard(rule('inbound', 'allow', { protocol: 'tcp', ...port(PORTS.two) }));
    await dies(kept);
    for (const one of knocking) await waitFor('the new rules', async () => one.lines.includes('open'));
  });

  const answersAgain = () =>
    world.subject.plane.describe().then(
      () => true,
      () => false,
    );
});

describe('firewalls on Incus while things are killed', { timeout: 2_400_000 }, () => {
  let vps: PublishedVps;

  before(async () => {
    vps = await PublishedVps.open();
  });
  after(() => vps?.close());

  it('holds over a kill of Incus and of the control plane', async () => {
    await vps.setRules([SSH, PING, WEB]);
    await vps.opens(8080);
    await killIncus();
    await waitFor('Incus', async () => (await vps.call('GET', '/health')).body.status === 'ok');
    assert.ok(await vps.answers(8080));
    assert.ok(await vps.isSilent(8081));
    await vps.call('PUT', `/firewalls/${vps.firewall}`, { rules: [SSH, PING] });
    await vps.killServer();
    await vps.closes(8080);
    assert.ok(await vps.answers(22));
  });
});
