import type { FastifyRequest } from 'fastify';
import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { Database } from '../../db/database.ts';
import type { Scope } from '../../http/scopes.ts';
import type { MetricsStore } from '../../metrics/contract.ts';
import type { PassClock } from '../../reconcilers/reconcilers.ts';
import type { ConnectionTest } from './connection-test.ts';
import { KINDS } from './kinds.ts';
import { serviceParams } from './schema.ts';
import type { ServiceActions } from './service.ts';

/** What the routes of a kind need besides its names. */
export interface ServiceRouteDependencies {
  database: Database;
  plane: DataPlane;
  metrics: MetricsStore;
  clock: PassClock;
  service: ServiceActions;
  connection: ConnectionTest;
}

/** What the routes of a kind have in common: names, paths, and parsing of the id. */
export function routeParts({ kind }: ServiceActions) {
  const { noun, label, path, param } = KINDS[kind];
  return {
    kind,
    noun,
    label,
    path,
    one: `${path}/:${param}`,
    tags: [`${label}s`],
    params: serviceParams[kind],
    scope: (verb: 'read' | 'write' | 'delete'): Scope => `${kind}:${verb}`,
    idOf: (request: FastifyRequest): string => (request.params as Record<string, string>)[param]!,
  };
}
