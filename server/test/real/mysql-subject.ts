import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type RunResult, run } from '../../src/lib/run.ts';
import type { Provider } from '../../src/services/provider.ts';
import { openServices, type TestService, type TestServices } from './service.ts';

const PATIENCE = 600;
export const PASSWORD = `correct "horse" 'battery' \\#;`;

/** Runs SQL from a client on the host, with the customer's password unless another one is given. */
export type Sql = (
  sql: string,
  options?: { user?: string; password?: string; args?: string[] },
) => Promise<RunResult>;

/** Debian's `mariadb` as the client. It verifies the certificate and the address in it. */
function clientOf(services: TestServices, service: () => TestService): Sql {
  let clients = 0;
  return async (sql, { user = 'danube', password, args = ['--ssl-verify-server-cert'] } = {}) => {
    const quoted = (password ?? service().settings.password).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    clients += 1;
    const file = path.join(services.folder, `client-${clients}.cnf`);
    const login = `user = "${user}"\npassword = "${quoted}"\nhost = ${service().address}\n`;
    await writeFile(file, `[client]\n${login}ssl-ca = ${services.caFile}\n`, { mode: 0o600 });
    const options = [`--defaults-file=${file}`, '--batch', '--skip-column-names', ...args];
    return await run('mariadb', options, { input: sql, allow: 'any', timeoutSeconds: 600 });
  };
}

/** A real instance of one version, with helpers for tests. The helpers may be destructured. */
export class MysqlSubject {
  services!: TestServices;
  service!: TestService;

  async open(provider: Provider, version: string): Promise<void> {
    this.services = await openServices();
    this.service = await this.services.start(provider, version, {
      plan: { vcpu: 1, memoryMb: 1024, diskGb: 3 },
      password: PASSWORD,
      database: 'my-shop `1`',
    });
    this.#sql = clientOf(this.services, () => this.service);
  }

  #sql!: Sql;
  sql: Sql = (...statement) => this.#sql(...statement);

  /** Runs SQL and returns its output. Fails if the engine refuses it. */
  ask = async (sql: string): Promise<string> => {
    const { status, stdout, stderr } = await this.sql(sql);
    assert.equal(status, 0, `${sql}: ${stderr}`);
    return stdout.trim();
  };

  /** Fails unless every one of these statements is refused. */
  refused = async (
    statements: readonly string[],
    login?: { user: string; password: string },
  ): Promise<void> => {
    for (const statement of statements) {
      const { status, stderr } = await this.sql(statement, login);
      assert.notEqual(status, 0, `${statement} was not refused`);
      assert.match(stderr, /ERROR (1\d\d\d|3\d\d\d|1) /, statement);
      // An error in the syntax, or about an object that does not exist, would not prove that the engine refuses it.
      assert.doesNotMatch(stderr, /ERROR (1064|1046|1049|1146|1193|1305|1396) /, `${statement}: ${stderr}`);
    }
  };

  /** Waits until the engine answers. */
  ready = (): Promise<unknown> => this.service.plane.waitForService(this.service.spec.ref, PATIENCE);
}
