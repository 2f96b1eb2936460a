import { Type } from 'typebox';
import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { Database } from '../../db/database.ts';
import { createWriteProbe } from '../../db/write-probe.ts';
import type { Api } from '../../http/api.ts';
import { Component, Enum, Int, List, Message, Nullable, Obj, Text } from '../../http/schema.ts';
import { VERSION } from '../../http/version.ts';
import { readImageBuilds } from '../../images/build-records.ts';
import { poolState } from '../../instances/capacity.ts';
import { cachedHealth, type HealthReport } from './probe.ts';

const Health = Component('Health', {
  status: Enum(['ok', 'degraded', 'unavailable'], {
    description:
      '`ok` when every part answers and takes writes. `degraded`: the same, but an image could not be built ahead.',
  }),
  message: Message('All parts answer.'),
  version: Text(50, '0.1.0', { description: 'Version of Danube.' }),
  database: Enum(['ok', 'read_only', 'unavailable'], {
    description: '`ok`: a write worked a moment ago. `read_only`: it answers, and cannot store anything.',
  }),
  engine: Enum(['ok', 'unavailable']),
  engine_name: Nullable(
    Enum(['incus', 'sim'], { description: '`sim` means that instances are only simulated.' }),
  ),
  engine_version: Nullable(Text(50, '6.0.4')),
  virtualization: Nullable(
    Enum(['container', 'virtual-machine'], { description: 'What instances are on this install.' }),
  ),
  storage: Enum(['ok', 'nearly_full', 'read_only', 'unknown'], {
    description:
      '`ok`: a write worked a moment ago. `nearly_full`: new instances and snapshots are refused until there is more ' +
      'room. Existing ones keep running. `read_only`: no write works, not even of existing instances.',
  }),
  images: Obj(
    {
      building: Nullable(Text(100, 'postgresql-18', { description: 'Is being built.' })),
      percent: Nullable(Int(40, { maximum: 100, description: 'How far that is.' })),
      waiting: List(Text(100, 'valkey-9.1'), { description: 'Are built next.' }),
      failed: List(Text(100, 'redis-8.0'), {
        description: 'Could not be built, and are tried again later. `doctor` says why.',
      }),
    },
    {
      description:
        'Images that are built before somebody asks for them. Until then, the first instance waits for its image.',
    },
  ),
  simulated: Type.Boolean({ example: false, description: 'Whether instances are only simulated.' }),
});

/** Health of the install, for load balancers and people. */
export function healthRoutes(api: Api, dependencies: { database: Database; plane: DataPlane }): void {
  const { database, plane } = dependencies;
  const health = cachedHealth({
    database: createWriteProbe(database),
    engine: () => plane.describe(),
    // The pool itself first: the database may be on the same disk, and take no news of it.
    images: () => readImageBuilds(database.db),
    storage: async () => ((await plane.findWriteRefusal()) ? 'read_only' : poolState(database.db)),
  });
  api.get(
    '/health',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'Check health',
        description:
          'Reports whether Danube’s database and the data plane answer, and whether a write of the last seconds worked. ' +
          'Needs no token, and has no rate limit.',
        tags: ['Health'],
        response: { 200: Health, 503: Health },
      },
      config: { public: true },
    },
    async (_request, reply) => {
      const report = await health();
      const healthy = report.database === 'ok' && report.engine !== null && report.storage !== 'read_only';
      reply.code(healthy ? 200 : 503);
      return {
        status: healthy && failedOf(report).length > 0 ? ('degraded' as const) : word(healthy),
        message: sentence(report),
        version: VERSION,
        database: report.database,
        engine: word(report.engine !== null),
        engine_name: report.engine?.name ?? null,
        engine_version: report.engine?.version ?? null,
        virtualization: report.engine?.virtualization ?? null,
        storage: report.storage,
        images: imagesOf(report),
        simulated: report.engine?.name === 'sim',
      };
    },
  );
}

const word = (ok: boolean) => (ok ? ('ok' as const) : ('unavailable' as const));

const failedOf = ({ images }: HealthReport) =>
  images.filter(({ failures }) => failures > 0).map(({ name }) => name);

function imagesOf(report: HealthReport) {
  const building = report.images.find(({ message }) => message !== null);
  const failed = failedOf(report);
  return {
    building: building?.name ?? null,
    percent: building?.percent ?? null,
    waiting: report.images
      .map(({ name }) => name)
      .filter((name) => name !== building?.name && !failed.includes(name)),
    failed,
  };
}

function sentence(report: HealthReport): string {
  const { database, engine, storage } = report;
  const away = [...(database === 'unavailable' ? ['the database'] : []), ...(engine ? [] : ['the engine'])];
  if (away.length > 0) return `No answer from ${away.join(' and ')}.`;
  const refusing = [
    ...(database === 'read_only' ? ['The database'] : []),
    ...(storage === 'read_only' ? ['The storage pool'] : []),
  ];
  if (refusing.length > 0) return refusing.map((part) => `${part} takes no writes.`).join(' ');
  if (storage === 'nearly_full') return 'All parts answer. The storage pool is nearly full.';
  const failed = failedOf(report);
  if (failed.length > 0) return `All parts answer. Not built ahead: ${failed.join(', ')}.`;
  return engine?.name === 'sim' ? 'All parts answer. Instances are only simulated.' : 'All parts answer.';
}
