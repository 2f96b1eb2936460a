import { readConfig } from '../src/config.ts';
import { openDatabase } from '../src/db/database.ts';
import type { Api, HttpServer } from '../src/http/api.ts';
import { createHttpServer } from '../src/http/server.ts';
import { createAuditor } from '../src/identity/audit/auditor.ts';
import { createAuthenticator } from '../src/identity/authentication.ts';
import { createSecretBox } from '../src/lib/crypto.ts';
import { createLog, type Log } from '../src/lib/log.ts';
import { type ApiClient, createApiClient } from './api-client.ts';

/** The HTTP server alone, with routes of the test, on the database at `url`, which need not exist. */
export async function withBareServer(
  register: (api: Api) => void,
  work: (call: ApiClient, http: HttpServer) => Promise<void>,
  {
    url = 'postgres://nobody@127.0.0.1:1/none',
    log = createLog('silent'),
    settings = {},
  }: { url?: string; log?: Log; settings?: Record<string, string> } = {},
): Promise<void> {
  const database = openDatabase(url);
  const config = readConfig(settings);
  const authenticator = createAuthenticator(config, database, log);
  const http = createHttpServer({
    config,
    database,
    secrets: createSecretBox(Buffer.alloc(32)),
    log,
    authenticator,
    auditor: createAuditor(database, log),
    tags: [],
    register,
  });
  try {
    await http.ready();
    await work(createApiClient(http, '1|secret'), http);
  } finally {
    await http.close();
    await authenticator.close();
    await database.close();
  }
}
