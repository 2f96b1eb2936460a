import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { DataPlane } from '../../src/dataplane/contract/data-plane.ts';
import { createLog } from '../../src/lib/log.ts';
import { run } from '../../src/lib/run.ts';
import { type Call, newVps } from '../client.ts';
import { type Outside, openOutside, SILENCE } from '../contract/outside.ts';
import { type Crashable, createCrashable } from '../faults.ts';
import { waitFor } from '../harness.ts';
import { createTestIncus, fromTestRun, incusEnvironment } from '../incus.ts';
import type { ServerProcess } from '../processes.ts';

/** In seconds. The first instance of each image waits for the image to be built. */
const PATIENCE = 1200;
/** Seconds within which a change must take effect. It usually takes one; the rest allows for a busy machine. */
export const SOON = 120;

export const WEB = { direction: 'inbound', protocol: 'tcp', port: 8080 };
export const SSH = { direction: 'inbound', protocol: 'tcp', port: 22 };
export const PING = { direction: 'inbound', protocol: 'icmp' };

/**
 * A Danube server of its own on the run's Incus, a VPS that answers on port 8080, and another host that connects to it.
 */
export class PublishedVps {
  readonly test: Crashable;
  readonly plane: DataPlane;
  readonly outside: Outside;
  readonly folder: string;
  call: Call;
  ipv4 = '';
  /** The id of its firewall. */
  firewall = '';
  #server: ServerProcess;

  private constructor(test: Crashable, server: ServerProcess, outside: Outside, folder: string) {
    this.plane = createTestIncus(createLog('silent'));
    this.test = test;
    this.#server = server;
    this.call = test.client(server);
    this.outside = outside;
    this.folder = folder;
  }

  static async open(): Promise<PublishedVps> {
    const outside = await openOutside(fromTestRun('DANUBE_TEST_INSTALL_ID'));
    const test = await createCrashable({
      environment: {
        DANUBE_ENGINE: 'incus',
        ...incusEnvironment(),
        DANUBE_PUBLIC_ADDRESS: outside.address,
      },
    });
    const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-firewalls-'));
    const vps = new PublishedVps(test, await test.start(), outside, folder);
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, 'key')]);
    const { stdout } = await run('cat', [path.join(folder, 'key.pub')]);
    const key = await vps.call('POST', '/ssh-keys', { name: 'key', public_key: stdout.trim() });
    await vps.#create({
      name: 'web',
      auth_method: 'ssh_key',
      ssh_key_id: key.body.key.id,
      password: undefined,
    });
    await vps.ssh('cat > greeter.py; nohup python3 greeter.py > /dev/null 2>&1 < /dev/null &', GREETER);
    return vps;
  }

  async close(): Promise<void> {
    await this.test.close();
    await this.outside.close();
    for (const { ref } of await this.plane.listInstances()) await this.plane.removeInstance(ref);
    await this.plane.removeTenant(this.test.team.teamId);
    await this.plane.close();
    await rm(this.folder, { recursive: true });
  }

  async #create(changes: Record<string, unknown>): Promise<void> {
    const created = await this.call('POST', '/vps', newVps(changes));
    assert.equal(created.status, 201, JSON.stringify(created.body));
    assert.equal(created.body.firewall_created, true);
    const { id, public_ip } = created.body.instance;
    await this.settled('vps', id, 'running');
    this.ipv4 = public_ip;
    this.firewall = await this.firewallOf(id);
  }

  /** Kills the control plane, and starts it again. */
  async killServer(): Promise<void> {
    this.#server.child.kill('SIGKILL');
    await this.#server.ended;
    this.#server = await this.test.start();
    this.call = this.test.client(this.#server);
  }

  settled(kind: string, id: string, status: string): Promise<true> {
    return waitFor(
      `the ${kind} to be ${status}`,
      async () => {
        const { instance } = (await this.call('GET', `/${kind}/${id}`)).body;
        assert.notEqual(instance.status, 'error', JSON.stringify(instance.status_details));
        return instance.status === status;
      },
      PATIENCE,
    );
  }

  async firewallOf(instance: string): Promise<string> {
    const { data } = (await this.call('GET', '/firewalls?per_page=100')).body;
    return data.find(({ attached_instances }: { attached_instances: { id: string }[] }) =>
      attached_instances.some(({ id }) => id === instance),
    ).id;
  }

  sshArgs(command: string): string[] {
    const options = [
      ...['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'],
      ...['LogLevel=ERROR', 'ConnectTimeout=60'],
    ].flatMap((option) => ['-o', option]);
    return ['-i', path.join(this.folder, 'key'), ...options, `root@${this.ipv4}`, command];
  }

  async ssh(command: string, input = ''): Promise<string> {
    return (await run('ssh', this.sshArgs(command), { input, timeoutSeconds: 300 })).stdout.trim();
  }

  async setRules(rules: object[], more: object = {}): Promise<void> {
    const answer = await this.call('PUT', `/firewalls/${this.firewall}`, { rules, ...more });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  }

  /** Whether a client outside gets an answer on the port. */
  async answers(port: number): Promise<boolean> {
    return (await this.outside.lineFrom(this.ipv4, port)) !== null;
  }

  /** Whether a client outside gets no answer on the port. */
  async isSilent(port: number): Promise<boolean> {
    return (await this.outside.lineFrom(this.ipv4, port, SILENCE)) === null;
  }

  opens(port: number): Promise<true> {
    return waitFor(`port ${port} to open`, async () => !(await this.isSilent(port)), SOON);
  }

  closes(port: number): Promise<true> {
    return waitFor(`port ${port} to close`, () => this.isSilent(port), SOON);
  }
}

/** Greets every client that connects to port 8080. */
const GREETER = `
import socketserver
class Greeter(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b'hello\\n')
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(('', 8080), Greeter).serve_forever()
`;
