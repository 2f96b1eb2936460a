import { Type } from 'typebox';
import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { assertScope } from '../../http/principal.ts';
import { Component, Enum, LineText, Nullable } from '../../http/schema.ts';
import { PATTERN_MESSAGE } from '../../http/validation.ts';
import { kindOf } from '../../instances/kinds.ts';
import { snapshotId } from '../snapshots/routes.ts';
import { snapshotSchemas } from '../snapshots/schema.ts';
import type { SnapshotService } from '../snapshots/service.ts';
import { cloneSnapshot } from './clone.ts';
import { KINDS } from './kinds.ts';
import { Created, ServiceName } from './schema.ts';
import type { ServiceActions } from './service.ts';
import type { Wire } from './wire.ts';

const tags = ['Snapshots'];

/** The schema of a clone request. */
const cloneSchema = (kind: 'database' | 'cache') =>
  Component(
    `Clone${KINDS[kind].label}Snapshot`,
    {
      name: ServiceName,
      resource_profile: Type.Optional(
        Nullable(
          LineText(40, 'small', {
            description: 'Plan of the new instance; by default that of the snapshot’s instance.',
          }),
        ),
      ),
      source_type: Type.Optional(
        Enum(['volume_snapshot', 'velero_backup'], {
          description: 'Only `volume_snapshot` is available, because this install keeps no Velero backups.',
        }),
      ),
      ...(kind === 'database'
        ? {
            database_name: Type.Optional(
              Nullable(
                Type.String({
                  minLength: 1,
                  maxLength: 64,
                  pattern: '^[a-zA-Z][a-zA-Z0-9_]*$',
                  [PATTERN_MESSAGE]: 'may hold letters, digits and underscores, and begins with a letter',
                  example: 'shop',
                  description:
                    'The database in the snapshot that `connection_info` names; by default the same as for the ' +
                    'source. No database is created or renamed.',
                }),
              ),
            ),
          }
        : {}),
    },
    { example: { name: 'shop-copy', resource_profile: 'small', source_type: 'volume_snapshot' } },
  );

/** `POST /snapshots/KIND/{id}/clone`, of databases and of caches. */
export function cloneRoute(
  api: Api,
  service: SnapshotService,
  instances: ServiceActions,
  instance: Wire['schemas']['instance'],
): void {
  const { kind } = instances;
  const { label, noun } = KINDS[kind];
  const { param } = kindOf(kind).snapshots;
  api.post(
    `/snapshots/${kind}/:${param}/clone`,
    {
      config: {
        scope: 'snapshot:write',
        errors: ['quota_exceeded', 'invalid_state', 'not_available'],
      },
      schema: {
        operationId: `clone${label}Snapshot`,
        summary: `Create a ${noun} from a snapshot`,
        description:
          `Creates a new ${noun} with the data of the snapshot, and with its own address and credentials. It needs ` +
          `the scope \`${kind}:write\`, too.`,
        tags,
        params: snapshotSchemas(kind).params,
        body: cloneSchema(kind),
        response: { 201: Created(instance, noun) },
      },
    },
    async (request) => {
      const found = await service.find(request.principal, snapshotId(request, param));
      assertScope(request.principal, `${kind}:write`);
      const body = request.body as Record<string, string | null | undefined>;
      const wanted = {
        name: body.name!,
        plan: body.resource_profile ?? null,
        databaseName: body.database_name ?? null,
        sourceType: body.source_type ?? 'volume_snapshot',
      };
      return mutate(request, (tx) => cloneSnapshot(tx, request.principal, found, wanted, instances));
    },
  );
}
