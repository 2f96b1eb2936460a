import { sql } from 'kysely';
import { Type } from 'typebox';
import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import { Component, Enum, Message, Nullable, Text } from '../../http/schema.ts';
import { VERSION } from '../../http/version.ts';
import { poolState } from '../../instances/capacity.ts';
import { cachedHealth, type HealthReport } from './probe.ts';

const Health = Component('Health', {
  status: Enum(['ok', 'unavailable'], { description: '`ok` if all parts answer.' }),
  message: Message('All parts answer.'),
  version: Text(50, '0.1.0', { description: 'Version of Danube.' }),
  database: Enum(['ok', 'unavailable']),
  engine: Enum(['ok', 'unavailable']),
  engine_name: Nullable(
    Enum(['incus', 'sim'], { description: '`sim` means that instances are only simulated.' }),
  ),
  engine_version: Nullable(Text(50, '6.0.4')),
  virtualization: Nullable(
    Enum(['container', 'virtual-machine'], { description: 'What instances are on this install.' }),
  ),
  storage: Enum(['ok', 'nearly_full', 'unknown'], {
    description:
      '`nearly_full`: new instances and snapshots are refused until there is more room. Existing ones keep running.',
  }),
  simulated: Type.Boolean({ example: false, description: 'Whether instances are only simulated.' }),
});

/** Health of the install, for load balancers and people. */
export function healthRoutes(api: Api, dependencies: { database: Database; plane: DataPlane }): void {
  const { database, plane } = dependencies;
  const health = cachedHealth({
    database: async () => void (await sql`select 1`.execute(database.db)),
    engine: () => plane.describe(),
    storage: () => poolState(database.db),
  });
  api.get(
    '/health',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'Check health',
        description:
          'Reports whether Danube’s database and the data plane answer. Needs no token, and has no rate limit.',
        tags: ['Health'],
        response: { 200: Health, 503: Health },
      },
      config: { public: true },
    },
    async (_request, reply) => {
      const report = await health();
      const healthy = report.database && report.engine !== null;
      reply.code(healthy ? 200 : 503);
      return {
        status: word(healthy),
        message: sentence(report),
        version: VERSION,
        database: word(report.database),
        engine: word(report.engine !== null),
        engine_name: report.engine?.name ?? null,
        engine_version: report.engine?.version ?? null,
        virtualization: report.engine?.virtualization ?? null,
        storage: report.storage,
        simulated: report.engine?.name === 'sim',
      };
    },
  );
}

const word = (ok: boolean) => (ok ? ('ok' as const) : ('unavailable' as const));

function sentence({ database, engine, storage }: HealthReport): string {
  const away = [...(database ? [] : ['the database']), ...(engine ? [] : ['the engine'])];
  if (away.length > 0) return `No answer from ${away.join(' and ')}.`;
  if (storage === 'nearly_full') return 'All parts answer. The storage pool is nearly full.';
  return engine?.name === 'sim' ? 'All parts answer. Instances are only simulated.' : 'All parts answer.';
}
