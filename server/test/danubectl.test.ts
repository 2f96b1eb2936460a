import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { commandsOf, type OpenApi } from '../../client/cli/commands.ts';
import { asTable } from '../../client/cli/output.ts';
import { run } from '../../client/cli/run.ts';
import { DataPlaneError } from '../src/dataplane/contract/errors.ts';
import { run as runProgram } from '../src/lib/run.ts';
import { DOCUMENT, ROUTES } from './api-client.ts';
import { createTeam, issueToken, startTestApp, type TestApp, type TestTeam, waitFor } from './harness.ts';

const document = DOCUMENT as unknown as OpenApi;
const PROGRAM = path.join(import.meta.dirname, '../../client/cli/danubectl.mjs');

interface Printed {
  status: number;
  out: string;
  err: string;
}

describe('danubectl', () => {
  let test: TestApp;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'danubectl-'));
    test = await startTestApp();
  });
  after(async () => {
    await test?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Types a command line. */
  async function type(words: readonly string[], env: Record<string, string>, input = ''): Promise<Printed> {
    let [out, err] = ['', ''];
    const status = await run(words, document, {
      env,
      input: async () => Buffer.from(input),
      ask: async () => input,
      out: (text) => {
        out += typeof text === 'string' ? text : Buffer.from(text).toString();
      },
      err: (text) => {
        err += text;
      },
    });
    return { status, out, err };
  }
  const by = ({ token }: Pick<TestTeam, 'token'>) => ({
    HOME: folder,
    DANUBE_URL: test.app.url!,
    DANUBE_TOKEN: token,
  });
  /** The same, of which the answer is wanted. */
  const json = async (words: readonly string[], env: Record<string, string>) => {
    const { status, out, err } = await type([...words, '-o', 'json'], env);
    assert.equal(status, 0, err);
    return JSON.parse(out);
  };

  it('has a command of its own for everything that a token can do, and a flag of its own for each value', () => {
    const { commands, groups } = commandsOf(document);
    const names = commands.map(({ group, name }) => `${group} ${name}`);
    assert.equal(new Set(names).size, names.length);
    const byToken = ROUTES.filter(({ operation }) => operation.security.some((one) => 'token' in one));
    assert.ok(commands.length >= byToken.length - 2 && commands.length > 150);
    for (const { group, name, parameters } of commands) {
      const flags = parameters.map(({ flag }) => flag);
      assert.equal(new Set(flags).size, flags.length, `${group} ${name}`);
      assert.ok(groups.some((one) => one.name === group));
    }
    for (const wanted of [
      'vps create',
      'databases get-credentials',
      'ssh-keys list',
      'snapshots create-vps',
      'alerts list',
    ])
      assert.ok(names.includes(wanted), wanted);
  });

  it('creates a server, waits for it, shows, changes and deletes it', async () => {
    const env = by(await createTeam(test.database));
    const words = ['vps', 'create', '--name', 'web-1', '--image', 'debian-12', '--datacenter', 'fsn1'];
    const login = ['--auth-method', 'password', '--json', '{"password": "correct horse battery"}'];
    const made = await type([...words, ...login, '--resource-profile', 'pico_shared', '--wait'], env);
    assert.equal(made.status, 0, made.err);
    assert.match(made.err, /Done\./);
    const [{ id }] = (await json(['vps', 'list', '--name', 'web-1'], env)).data;
    assert.equal((await json(['vps', 'get', id], env)).instance.status, 'running');
    const table = await type(['vps', 'list', '--sort', 'name'], env);
    assert.match(table.out, /^id +name +status/);
    assert.match(table.out, new RegExp(`^${id} +web-1 +running`, 'm'));
    const changed = await json(
      ['vps', 'update', id, '--name', 'web-2', '--no-automated-snapshots-enabled'],
      env,
    );
    assert.deepEqual([changed.instance.name, changed.instance.automated_snapshots_enabled], ['web-2', false]);
    for (const action of ['stop', 'delete'])
      assert.equal((await type(['vps', action, id, '--wait'], env)).status, 0, action);
    assert.match((await type(['vps', 'list'], env)).out, /^Nothing\./);
  });

  it('acts on the team that is named, takes lists, and prints tables of costs and audit as they come', async () => {
    const team = await createTeam(test.database);
    const env = by(team);
    const other = (await json(['teams', 'create', '--name', 'Shop'], env)).team.id;
    const show = ['teams', 'get', '--team', String(other)];
    // What an account may do is kept for a second.
    await waitFor('the team to be the account’s', async () => (await type(show, env)).status === 0);
    assert.equal((await json(show, env)).team.name, 'Shop');
    const scopes = ['--scopes', 'vps:read', '--scopes', 'billing:read'];
    const { plain_text, token } = await json(['api-tokens', 'create', '--name', 'ci', ...scopes], env);
    assert.deepEqual(token.scopes.sort(), ['billing:read', 'vps:read']);
    const asCi = by({ token: plain_text });
    assert.match((await type(['billing', 'export-costs'], asCi)).out, /^month,team_id,/);
    const refused = await type(['ssh-keys', 'list'], asCi);
    assert.deepEqual([refused.status, refused.out], [1, '']);
    assert.match(refused.err, /ssh-key:read.*403 missing_scope/);
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS';
    await json(['ssh-keys', 'create', '--name', 'ada', '--public-key', key], env);
    assert.match((await type(['audit', 'export-entries'], env)).out, /^\{"id":.*createSshKey/m);
  });

  it('says what is wrong, with a status for each kind of failure', async () => {
    const team = await createTeam(test.database);
    const env = by(team);
    const lacks = await type(['vps', 'create', '--name', 'web-1'], env);
    assert.equal(lacks.status, 1);
    assert.match(lacks.err, /^ {2}image: /m);
    for (const words of [
      ['vpss'],
      ['vps', 'fly'],
      ['vps', 'get'],
      ['vps', 'list', '--nothing'],
      ['vps', 'get', '..'],
    ])
      assert.equal((await type(words, env)).status, 2, words.join(' '));
    assert.equal((await type(['vps', 'create', '--json', '{'], env)).status, 2);
    assert.equal((await type(['vps', 'list'], by({ token: '1|wrong' }))).status, 3);
    assert.equal((await type(['vps', 'list'], { HOME: folder })).status, 2);
    const away = await type(['vps', 'list'], { ...env, DANUBE_URL: 'http://127.0.0.1:1' });
    assert.equal(away.status, 4, away.err);
    test.plane.faults.failNext('ensureInstance', new DataPlaneError('failed', 'It was not to be.'));
    const words = [
      '--name',
      'web-1',
      '--image',
      'debian-12',
      '--datacenter',
      'fsn1',
      '--auth-method',
      'password',
    ];
    const failed = await type(
      ['vps', 'create', ...words, '--password', 'correct horse battery', '--wait'],
      env,
    );
    assert.equal(failed.status, 5, failed.err);
    assert.match(failed.err, /It was not to be/);
  });

  it('explains itself from the document', async () => {
    const { groups } = commandsOf(document);
    const general = await type(['--help'], {});
    for (const { name } of groups) assert.ok(general.out.includes(`  ${name} `), name);
    const help = await type(['vps', 'create', '--help'], {});
    assert.match(help.out, /--auth-method ssh_key\|password +Required\. How root logs in over SSH/);
    assert.match(help.out, /Needs the scope `vps:write`/);
    assert.match((await type(['completion'], {})).out, /vps\) words=".*\bcreate\b/);
  });

  it('sends the token to no other address', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: `${test.app.url}/api/v1/vps` }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { status, err } = await type(['vps', 'list'], { ...by(test.team), DANUBE_URL: url });
      assert.equal(status, 4);
      assert.match(err, /leads elsewhere/);
      assert.equal(seen.length, 1);
    } finally {
      server.close();
    }
  });

  it('prints nothing that changes the terminal, whatever things are called', () => {
    const printed = asTable({ data: [{ id: 1, name: 'a\u001b[2Jb\u202ec\u009bd\ne' }] });
    for (const hidden of ['\u001b', '\u009b', '\u202e']) assert.ok(!printed.includes(hidden), printed);
    assert.equal(printed.split('\n').length, 2);
  });

  /** A server of somebody else, which gives this answer to everything. */
  async function withServer(
    { type: contentType, body }: { type: string; body: string },
    work: (url: string) => Promise<void>,
  ): Promise<void> {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': contentType }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.close();
    }
  }

  it('shows nothing of a server that changes the terminal, wherever it stands', async () => {
    const evil = '\u001b]0;x\u0007\u009b2J\u202e\r';
    const row = { [`id${evil}`]: evil, 'b\nstatus': [evil], text: `a\nstatus  running${evil}` };
    const pagination = { current_page: `1${evil}`, last_page: `2${evil}` };
    const answers = [
      { data: [row, row], pagination, warnings: [evil] },
      { ...row, [`list${evil}`]: [row], warnings: [evil], operation_id: evil },
      { message: evil, errors: { [evil]: [evil] } },
    ];
    for (const answer of answers)
      await withServer({ type: 'application/json', body: JSON.stringify(answer) }, async (url) => {
        const env = { ...by(test.team), DANUBE_URL: url };
        for (const output of ['table', 'json']) {
          const { out, err } = await type(['vps', 'list', '-o', output], env);
          for (const text of [out, err])
            assert.doesNotMatch(text, /[^\P{Cc}\n]|\u202e/u, JSON.stringify(text));
          assert.doesNotMatch(out, /^status/m);
        }
      });
  });

  it('says so where no install answers', async () => {
    for (const answer of [
      { type: 'text/html', body: '<html>\u001b[2J' },
      { type: 'application/json', body: '\u001b[2J' },
      { type: 'application/json', body: '{"email": 1}' },
    ])
      await withServer(answer, async (url) => {
        const { status, out, err } = await type(['login', url], { HOME: folder }, '1|x');
        assert.deepEqual([status, out], [4, '']);
        assert.match(
          err,
          /^danubectl: What answers at http:\/\/127\.0\.0\.1:\d+ is no install of Danube\.\n$/,
        );
      });
  });

  it('finds by words', async () => {
    const env = by(await createTeam(test.database));
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS';
    await json(['ssh-keys', 'create', '--name', 'ada', '--public-key', key], env);
    const { results } = await json(['search', 'ada'], env);
    assert.deepEqual(
      results.map(({ name }: { name: string }) => name),
      ['ada'],
    );
    assert.match((await type(['search', 'ada'], env)).out, /^id +name .*\n\d+ +ada /);
    const none = await type(['search'], env);
    assert.deepEqual([none.status, none.out], [2, '']);
    assert.match(none.err, /danubectl search takes TEXT/);
    assert.match((await type(['search', '--help'], env)).out, /^danubectl search TEXT\n/);
  });

  it('says which Node it needs to one that does not read TypeScript', async () => {
    const options = { env: { PATH: process.env.PATH! }, allow: 'any' as const };
    const old = await runProgram(
      process.execPath,
      ['--no-experimental-strip-types', PROGRAM, 'help'],
      options,
    );
    assert.equal(old.status, 2);
    assert.match(old.stderr, /^danubectl: this is Node\.js [\d.]+, and danubectl needs 22\.18 or newer.*\n$/);
  });

  it('keeps the token in a file that nobody else may read, and not otherwise', async () => {
    const home = await mkdtemp(path.join(folder, 'home-'));
    const token = await issueToken(test.database.db, test.team);
    const program = (words: string[], input = '') =>
      runProgram(process.execPath, [PROGRAM, ...words], {
        env: { PATH: process.env.PATH!, HOME: home },
        input,
        allow: 'any',
      });
    const login = await program(['login', test.app.url!], `${token}\n`);
    assert.equal(login.status, 0, login.stderr);
    const file = path.join(home, '.config/danubectl/config.json');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const listed = await program(['teams', 'list']);
    assert.equal(listed.status, 0, listed.stderr);
    await chmod(file, 0o644);
    assert.match((await program(['teams', 'list'])).stderr, /Others may read/);
    assert.equal((await program(['logout'])).status, 0);
    await assert.rejects(stat(file));
    await writeFile(path.join(home, 'token'), '1|wrong');
    assert.equal((await program(['login', test.app.url!], '1|wrong\n')).status, 3);
    await assert.rejects(stat(file), 'a token that does not work is not kept');
  });
});
