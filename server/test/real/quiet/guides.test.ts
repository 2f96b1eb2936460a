import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { DataPlane } from '../../../src/dataplane/contract/data-plane.ts';
import type { Scope } from '../../../src/http/scopes.ts';
import { createToken } from '../../../src/identity/tokens/service.ts';
import { createLog } from '../../../src/lib/log.ts';
import { createAuthority } from '../../../src/lib/pki.ts';
import { type RunResult, run } from '../../../src/lib/run.ts';
import { type Block, typedBlocks } from '../../documented-commands.ts';
import { type Crashable, createCrashable } from '../../faults.ts';
import { waitFor } from '../../harness.ts';
import { createTestIncus, incusEnvironment } from '../../incus.ts';
import type { ServerProcess } from '../../processes.ts';
import { languagesFor, SHOWN_ANSWERS, shownBucketProgram, shownProgram } from '../shown-programs.ts';
import { type Environment, throughSomebodyElse } from '../somebody-else.ts';

const ROOT = path.join(import.meta.dirname, '../../../..');
/** In seconds. The first instance of each engine waits for its image to be built. */
const PATIENCE = 900;
/** Reserved for documentation, so nobody uses it. The tests send nothing there. */
const PUBLIC_ADDRESS = '203.0.113.7';
/** The scopes that each guide says its token needs. */
const SCOPES: Record<string, Scope[]> = {
  database: ['database:read', 'database:write', 'database:delete', 'firewall:write'],
  cache: [
    'cache:read',
    'cache:write',
    'cache:delete',
    'database:read',
    'database:write',
    'database:delete',
    'firewall:write',
  ],
};
const GO_MODULES = [
  'github.com/jackc/pgx/v5@v5.12.0',
  'github.com/go-sql-driver/mysql@v1.10.1',
  'github.com/redis/go-redis/v9@v9.23.0',
];

const DUMPS = path.join(import.meta.dirname, '../dumps');
/** The page of each engine, and what the files in its commands are. The page of Redis is typed with Valkey. */
const ENGINE_PAGES: Record<string, { page: string; files: Record<string, string> }> = {
  postgresql: {
    page: 'docs/postgresql.md',
    files: {
      'roles.sql': 'postgresql-15-roles.sql',
      'shop.dump': 'postgresql-15.dump',
      'shop.sql': 'postgresql-12.sql',
    },
  },
  mariadb: {
    page: 'docs/mariadb.md',
    files: { 'all.sql': 'mysql-5.7-all.sql', dump: 'mydumper-0.10' },
  },
  mysql: { page: 'docs/mysql.md', files: { 'all.sql': 'mysql-5.7-all.sql', 'shop.sql': 'mysql-8.4.sql' } },
  valkey: { page: 'docs/redis.md', files: { 'appendonly.aof': 'redis-7.0.aof' } },
};

/** How to run a program of a guide, or why it cannot run on this machine. */
type Program = { command: string[] } | { skip: string };

/** Runs the commands and programs in the customers' guides exactly as they are printed. */
describe('the guides', { timeout: 2_400_000, concurrency: 2 }, () => {
  let test: Crashable;
  let server: ServerProcess;
  let plane: DataPlane;
  let folder: string;
  let wrongCa: string;
  let go: Promise<string | null> | null = null;

  before(async () => {
    plane = createTestIncus(createLog('silent'));
    test = await createCrashable({
      environment: { DANUBE_ENGINE: 'incus', DANUBE_PUBLIC_ADDRESS: PUBLIC_ADDRESS, ...incusEnvironment() },
    });
    server = await test.start();
    folder = await mkdtemp(path.join(os.tmpdir(), 'danube-guides-'));
    await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    wrongCa = path.join(folder, 'wrong.pem');
    await writeFile(wrongCa, (await createAuthority('Somebody else')).certificate);
  });
  after(async () => {
    await test?.close();
    for (const { ref } of await plane.listInstances()) await plane.removeInstance(ref);
    await plane.removeTenant(test.team.teamId);
    await plane.close();
    await rm(folder, { recursive: true });
  });

  const inFolder = (command: string[], env: Environment, cwd: string = folder): Promise<RunResult> =>
    run(command[0]!, command.slice(1), {
      allow: 'any',
      cwd,
      env: { ...process.env, ...env },
      timeoutSeconds: PATIENCE,
    });

  /** Runs these lines in a shell, in a folder of that name, up to the first command that fails. */
  async function type(name: string, lines: string[], env: Environment): Promise<string> {
    const cwd = path.join(folder, name);
    await mkdir(cwd, { recursive: true });
    const shell = ['bash', '-euo', 'pipefail', '-c', lines.join('\n')];
    const { status, stdout, stderr } = await inFolder(shell, env, cwd);
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    return stdout;
  }

  /** Creates a Go module with the drivers, outside of the checkout. Returns why that is impossible here, or null. */
  async function prepareGo(): Promise<string | null> {
    const env = { GOFLAGS: '-mod=mod' };
    for (const args of [
      ['mod', 'init', 'guides'],
      ['get', ...GO_MODULES],
    ]) {
      const { status, stderr } = await inFolder(['go', ...args], env);
      if (status === 127) return 'go is not installed';
      if (status !== 0) return `go ${args[0]} failed: ${stderr.trim().split('\n').at(-1)}`;
    }
    return null;
  }

  /** Writes a program to a place where it can run. */
  async function prepare(name: string, language: string, code: string): Promise<Program> {
    const file = path.join(folder, name, `main.${language === 'js' ? 'mjs' : language}`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, code);
    if (language === 'python') return { command: ['/usr/bin/python3', file] };
    if (language === 'js') return { command: [process.execPath, file] };
    if (language === 'php') return { command: ['php', file] };
    if (language === 'sh') return { command: ['bash', '-eu', file] };
    go ??= prepareGo();
    const skip = await go;
    if (skip) return { skip };
    const program = path.join(folder, name, 'program');
    const { status, stderr } = await inFolder(['go', 'build', '-o', program, file], { GOFLAGS: '-mod=mod' });
    assert.equal(status, 0, stderr);
    return { command: [program] };
  }

  /** Returns the environment of a shell with a token that has the scopes of this guide. */
  async function reader(kind: string): Promise<Environment> {
    const { accountId, teamId } = test.team;
    const token = await test.database.transaction((tx) =>
      createToken(tx, { accountId, teamId, name: 'guide', scopes: SCOPES[kind]! }),
    );
    return { TOKEN: token.plainText, API: `${server.url}/api/v1` };
  }

  const guides = [
    { provider: 'postgresql', kind: 'database', heading: 'PostgreSQL', answer: /^PostgreSQL \d+/ },
    { provider: 'mariadb', kind: 'database', heading: 'MySQL and MariaDB', answer: /^\d+\.\d+\.\d+-MariaDB/ },
    { provider: 'mysql', kind: 'database', heading: 'MySQL and MariaDB', answer: /^9\.\d+\.\d+/ },
    { provider: 'valkey', kind: 'cache', heading: 'Connect', answer: /^hello$/ },
  ];
  for (const { provider, kind, heading, answer } of guides) {
    describe(`for ${provider}`, { concurrency: 1 }, () => {
      let blocks: Block[];
      let shell: Environment;
      const commands = (from: number, to?: number) =>
        blocks
          .filter(({ language }) => language === 'sh')
          .slice(from, to)
          .map(({ code }) => code);

      before(() => {
        blocks = typedBlocks(`docs/${kind}s.md`).map((block) => ({
          ...block,
          code: block.code.replace(/"provider": "\w+"/, `"provider": "${provider}"`),
        }));
      });

      it('leads to an address, an account and the certificate', async () => {
        // The guide's helpers, its creation of an instance, and its request for the credentials.
        const lines = [...commands(0, 3), `printf '%s\\n' "$ID" "$${kind.toUpperCase()}_URL" "$CA_FILE"`];
        const env = await reader(kind);
        const [id, uri, caFile] = (await type(provider, lines, env)).trim().split('\n').slice(-3);
        shell = { ...env, ID: id!, [`${kind.toUpperCase()}_URL`]: uri!, CA_FILE: caFile! };
        assert.match(await readFile(caFile!, 'utf8'), /^-----BEGIN CERTIFICATE-----/);
      });

      for (const language of ['python', 'js', 'go', 'php']) {
        it(`connects in ${language}, to nobody but the right one`, async (context: TestContext) => {
          const found = blocks.filter(
            (block) => block.language === language && block.headings.includes(heading),
          );
          assert.equal(found.length, 1);
          const program = await prepare(`${provider}-${language}`, language, found[0]!.code);
          if ('skip' in program) return context.skip(program.skip);
          const good = await inFolder(program.command, shell);
          assert.match(good.stdout.trim(), answer, good.stderr);
          // It prints no warnings either.
          assert.deepEqual([good.status, good.stderr], [0, '']);

          assertRefused(await inFolder(program.command, { ...shell, CA_FILE: wrongCa }));
          await throughSomebodyElse(shell, async (env) => {
            const answered = await inFolder(program.command, env);
            // The guide warns of this. Once mysql2 verifies addresses, the warning can go.
            if (language === 'js' && heading === 'MySQL and MariaDB') assert.equal(answered.status, 0);
            else assertRefused(answered);
          });
        });
      }

      for (const language of languagesFor(provider)) {
        it(`connects with what the dashboard shows: ${language}`, async (context: TestContext) => {
          const name = `${provider}-shown-${language}`;
          const uri = shell.DATABASE_URL ?? shell.CACHE_URL!;
          const program = await prepare(name, language, shownProgram(provider, uri, language));
          if ('skip' in program) return context.skip(program.skip);
          const beside = path.join(folder, name);
          await cp(shell.CA_FILE!, path.join(beside, 'danube-ca.pem'));
          const { status, stdout, stderr } = await inFolder(program.command, {}, beside);
          assert.match(stdout, SHOWN_ANSWERS[provider]!, stderr);
          assert.equal(status, 0, stderr);
        });
      }

      it('takes the commands of its page', () => typePage(provider, shell));

      // All engines have the same commands, except for the names of parameters.
      if (provider !== 'postgresql' && provider !== 'valkey') return;
      it('changes, looks into and deletes it', async () => {
        const output = await type(provider, [...commands(0, 1), ...commands(3)], shell);
        assert.match(output, new RegExp(`^${PUBLIC_ADDRESS}:\\d+$`, 'm'));
        assert.match(output, kind === 'database' ? /^\["max_connections"\]$/m : /^\["databases"\]$/m);
        assert.match(output, /"verdict":"healthy"/);
        const call = test.client(server);
        await waitFor(
          'the end of it',
          async () => (await call('GET', `/${kind}/${shell.ID}`)).status === 404,
          PATIENCE,
        );
      });
    });
  }

  /** Commands that only read a program of that language. */
  const CHECKS: Record<string, (file: string) => string[]> = {
    js: (file) => [process.execPath, '--check', file],
    python: (file) => ['/usr/bin/python3', '-m', 'py_compile', file],
    php: (file) => ['php', '-l', file],
    go: (file) => ['gofmt', '-l', '-e', file],
  };
  for (const [language, check] of Object.entries(CHECKS)) {
    it(`has programs for buckets that are written as ${language} is`, async (context: TestContext) => {
      const file = path.join(folder, `bucket.${language === 'js' ? 'mjs' : language}`);
      await writeFile(file, `${shownBucketProgram(language)}\n`);
      const { status, stdout, stderr } = await inFolder(check(file), {});
      if (status === 127) return context.skip(`${language} is not installed`);
      assert.equal(status, 0, stdout + stderr);
    });
  }

  /** As a reader would who has put the account into a file, or answers when asked for the password. */
  async function typePage(provider: string, shell: Environment): Promise<void> {
    const { page, files } = ENGINE_PAGES[provider]!;
    const home = path.join(folder, `${provider}-page`);
    await mkdir(home, { recursive: true });
    for (const [file, dump] of Object.entries({ ...files, 'ca.pem': shell.CA_FILE! }))
      await cp(path.resolve(DUMPS, dump), path.join(home, file), { recursive: true });
    const { hostname, password } = new URL(shell.DATABASE_URL ?? shell.CACHE_URL!);
    const account = ['[client]', `host=${hostname}`, 'user=danube', `password=${password}`, 'ssl-ca=ca.pem'];
    await writeFile(path.join(home, '.my.cnf'), account.join('\n'));
    const commands = typedBlocks(page).map(({ code }) =>
      code
        .replace('PASSWORD', password)
        .replaceAll(/HOST|10\.64\.4\.10/g, hostname)
        .replaceAll(/ …| --password\b/g, '')
        .replace('--ask-password', `--password ${password}`),
    );
    const env = { ...shell, HOME: home, PGPASSWORD: password };
    const said = await type(`${provider}-page`, ['exec 2>&1', ...commands], env);
    assert.doesNotMatch(said, /ERROR/);
  }

  function assertRefused({ status, stdout, stderr }: RunResult): void {
    assert.notEqual(status, 0, stdout);
    assert.match(stdout + stderr, /certificate|altnames|CERTIFICATE|unknown authority/i);
  }
});
