import type { TSchema } from 'typebox';
import type { UpdateRequest } from './changes.ts';
import type { Inspection } from './inspection.ts';
import type { NewService } from './service.ts';

/** How one kind speaks on the wire; bodies are validated by `schemas` when they come here. */
export interface Wire {
  schemas: {
    instance: ReturnType<typeof import('../../http/schema.ts').Component>;
    create: TSchema;
    update: TSchema;
    credentials: TSchema;
    metrics: TSchema;
  };
  toNew(body: unknown): NewService;
  toUpdate(body: unknown): UpdateRequest;
  viewMetrics(found: Awaited<ReturnType<Inspection['metrics']>>): { summary: object; health: object };
}

/** Members of a creation that both kinds have, under the names that the wire has for them. */
interface CommonNew {
  name: string;
  provider?: string | null;
  version?: string | null;
  configuration?: Record<string, unknown> | null;
  parameter_group_id?: number | null;
  datacenter: string;
  resource_profile: string;
}

export const commonNew = (body: CommonNew) => ({
  name: body.name,
  provider: body.provider ?? null,
  version: body.version ?? null,
  configuration: body.configuration ?? null,
  parameterGroupId: body.parameter_group_id ?? null,
  datacenter: body.datacenter,
  plan: body.resource_profile,
});

/** The same of an update; what is undefined stays. */
interface CommonUpdate {
  name?: string;
  configuration?: Record<string, unknown>;
  resource_profile?: string;
  parameter_group_id?: number | null;
  automated_snapshots_enabled?: boolean;
}

export const commonUpdate = (body: CommonUpdate): UpdateRequest => ({
  ...(body.name === undefined ? {} : { name: body.name }),
  ...(body.configuration === undefined ? {} : { configuration: body.configuration }),
  ...(body.resource_profile === undefined ? {} : { plan: body.resource_profile }),
  ...(body.parameter_group_id === undefined ? {} : { parameterGroupId: body.parameter_group_id }),
  ...(body.automated_snapshots_enabled === undefined
    ? {}
    : { automatedSnapshots: body.automated_snapshots_enabled }),
});
