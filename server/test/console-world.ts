import assert from 'node:assert/strict';
import { type ApiClient, createApiClient } from './api-client.ts';
import { newVps } from './client.ts';
import { type ConsoleClient, connectConsole } from './console-client.ts';
import { createTeam, startTestApp, type TestApp, waitFor } from './harness.ts';

/** What a root shell shows when it waits for a command. */
export const PROMPT = /~# $/;

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A server with consoles, and the clients that are connected to them. */
export class ConsoleWorld {
  test!: TestApp;
  readonly #clients: ConsoleClient[] = [];

  open = async (): Promise<void> => {
    this.test = await startTestApp({ still: ['forgotten-consoles'] });
  };

  close = async (): Promise<void> => {
    for (const client of this.#clients) client.cut();
    await this.test?.close();
  };

  ended = async (call: ApiClient, operation: string): Promise<void> => {
    const { body } = await call('GET', `/operations/${operation}?wait=60`);
    assert.equal(body.data.state, 'succeeded', JSON.stringify(body));
  };

  /** A team with a running server. */
  newServer = async () => {
    const team = await createTeam(this.test.database);
    const call: ApiClient = (...request) => createApiClient(this.test.app.http, team.token)(...request);
    const { body } = await call('POST', '/vps', { body: newVps() });
    await this.ended(call, body.operation_id);
    const id = body.instance.id as string;
    /** Opens a console. `url`: of this test's server, which has another port than its settings say. */
    const open = async (options: Parameters<ApiClient>[2] = {}) => {
      const answer = await call('POST', `/vps/${id}/consoles`, options);
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      const { url } = answer.body.console as { url: string };
      return { ...answer.body.console, url: this.ours(url) } as { id: string; url: string };
    };
    return { ...team, call, id, open };
  };

  ours = (url: string): string => `${this.test.app.url!.replace(/^http/, 'ws')}${new URL(url).pathname}`;

  connect = async (...given: Parameters<typeof connectConsole>): Promise<ConsoleClient> => {
    const client = await connectConsole(...given);
    this.#clients.push(client);
    return client;
  };

  auditOf = async (call: ApiClient) =>
    ((await call('GET', '/audit?per_page=100')).body.data as { action: string; after: object }[]).filter(
      ({ action }) => /Console/.test(action),
    );

  endOf = async (call: ApiClient, console: string) =>
    waitFor('the end in the audit log', async () =>
      (await this.auditOf(call)).find(
        ({ action, after }) =>
          action === 'closeVpsConsole' && (after as { console: string }).console === console,
      ),
    ) as unknown as Promise<{ after: { reason: string; status?: number } }>;
}
