import type { FastifyRequest } from 'fastify';
import type { Config } from '../../config.ts';
import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import { STANDING } from '../../http/authenticator.ts';
import { mutate } from '../../http/mutation.ts';
import { ownOrigin } from '../../http/origin.ts';
import { assertScope, type Principal, teamPrincipal } from '../../http/principal.ts';
import { isUpgrade, openWebSocket } from '../../http/upgrades.ts';
import { instanceRef } from '../../instances/naming.ts';
import { AppError, invalidState, notFound } from '../../lib/errors.ts';
import { UUID, uuidv7 } from '../../lib/ids.ts';
import { findVps, lockVps, type Vps } from '../vps/store.ts';
import type { Access, Consoles } from './consoles.ts';
import {
  ConsoleParams,
  ConsoleQuery,
  ConsolesParams,
  OpenedConsole,
  ShownConsole,
  type VpsConsole,
} from './schema.ts';
import { type ConsoleRow, findConsole, insertConsole, isOwn, lockCounts } from './store.ts';

const tags = ['VPS'];
const scope = 'vps:write';
const collection = '/vps/:vpsInstance/consoles';
/** How many consoles may be open, of one server and of a team. */
export const CONSOLES = { instance: 5, team: 20 } as const;

interface Parts {
  config: Config;
  database: Database;
  consoles: Consoles;
}

/** Routes for shells in servers. */
export function consoleRoutes(api: Api, parts: Parts): void {
  // Before the server waits for the requests in progress, to which connections count that were upgraded.
  api.addHook('preClose', () => parts.consoles.close());
  openRoute(api, parts);
  connectRoute(api, parts);
}

function openRoute(api: Api, { config }: Parts): void {
  api.post(
    collection,
    {
      config: { scope, errors: ['invalid_state', 'rate_limited'] },
      schema: {
        operationId: 'openVpsConsole',
        summary: 'Open a console',
        description:
          'Opens a shell of root in a running server, for whoever connects to its `url` by WebSocket within 60 seconds. It ' +
          `needs no network in the server. Up to ${CONSOLES.instance} may be open of a server, and ${CONSOLES.team} of a team. ` +
          'The audit log tells of the beginning and of the end.',
        tags,
        params: ConsolesParams,
        response: { 201: OpenedConsole },
      },
    },
    (request) =>
      mutate(request, async (tx) => {
        const { principal, params } = request;
        const id = params.vpsInstance;
        const vps = UUID.test(id) ? await lockVps(tx, principal.team.id, id) : undefined;
        if (!vps) throw notFound('VPS');
        const open = await lockCounts(tx, principal.team.id, vps.id);
        assertRoom(open);
        assertRunning(vps);
        const row = await insertConsole(tx, principal, {
          id: uuidv7(),
          instanceId: vps.id,
          address: request.ip,
        });
        return {
          message: 'The console is ready. Connect to its url within 60 seconds.',
          console: viewConsole(row, config, request),
          warnings: [],
        };
      }),
  );
}

function assertRunning({ status }: Vps): void {
  if (status === 'running') return;
  throw invalidState('The server does not run. Start it, and wait until its status is running.', status);
}

function assertRoom(open: { team: number; instance: number }): void {
  for (const [of, noun] of [
    ['instance', 'server'],
    ['team', 'team'],
  ] as const) {
    if (open[of] < CONSOLES[of]) continue;
    throw new AppError(
      'rate_limited',
      `The ${noun} has ${CONSOLES[of]} consoles open. Close one of them first.`,
      { extra: { retry_after: 60 } },
    );
  }
}

function connectRoute(api: Api, { config, database, consoles }: Parts): void {
  api.get(
    `${collection}/:vpsConsole`,
    {
      // Which team it acts on is that of the console: a browser sends no `X-Team-Id` with a WebSocket.
      config: { scope, team: 'none', errors: ['invalid_state'] },
      schema: {
        operationId: 'connectVpsConsole',
        summary: 'Connect to a console',
        description:
          'With `Upgrade: websocket` it connects to the shell, see the guide at `/docs/console`. Otherwise it shows the console. ' +
          'Only the credential that opened it may do either. A console whose connection is lost waits 60 seconds for the next.',
        tags,
        params: ConsoleParams,
        querystring: ConsoleQuery,
        response: { 200: ShownConsole },
      },
    },
    async (request, reply) => {
      const { principal, params, query } = request;
      const row = await findOwn(database, principal, params);
      const access = accessOf(api, request, row);
      await access();
      if (!isUpgrade(request)) return { console: viewConsole(row, config, request) };
      const vps = await findVps(database.db, row.team_id, row.instance_id);
      if (!vps) throw notFound('VPS');
      if (!consoles.holds(row))
        throw invalidState('Another process of this install holds the console. Open a new one.', vps.status);
      const client = await openWebSocket(request, reply);
      if (client) {
        const { columns, rows, position } = query;
        void consoles.connect(row.id, instanceRef(vps), client, {
          position,
          size: { columns, rows },
          access,
        });
      }
      return reply as never;
    },
  );
}

async function findOwn(
  { db }: Database,
  { accountId, via }: Principal,
  { vpsInstance, vpsConsole }: { vpsInstance: string; vpsConsole: string },
): Promise<ConsoleRow> {
  const row =
    UUID.test(vpsInstance) && UUID.test(vpsConsole)
      ? await findConsole(db, vpsConsole, vpsInstance)
      : undefined;
  if (!row || !isOwn(row, accountId, via)) throw notFound('Console');
  return row;
}

/** Whether the credential is still valid, and the account still has a role in the team that may use consoles. */
function accessOf(
  { authenticator }: Pick<Api, 'authenticator'>,
  request: FastifyRequest,
  { team_id }: ConsoleRow,
): Access {
  // The connection may end before the console does, and the address of the client with it.
  const { headers, ip, method, protocol, id } = request;
  return async () => {
    const identity = await authenticator.authenticate({ headers, ip, method, protocol }, STANDING);
    assertScope(teamPrincipal(identity, String(team_id), id), scope);
  };
}

const viewConsole = (row: ConsoleRow, config: Config, request: FastifyRequest): VpsConsole => ({
  id: row.id,
  vps_instance_id: row.instance_id,
  user_id: row.user_id,
  opened_at: row.opened_at.toISOString(),
  url: `${ownOrigin(config, request).replace(/^http/, 'ws')}/api/v1/vps/${row.instance_id}/consoles/${row.id}`,
});
