import type { TSchema } from 'typebox';
import { pickSettings, type SettingChanges } from '../../instances/settings.ts';
import type { UpdateRequest } from './changes.ts';
import type { Inspection } from './inspection.ts';
import type { NewService } from './service.ts';

type FoundMetrics = Awaited<ReturnType<Inspection['metrics']>>;

/** Maps between the API's members of one kind and Danube's own names. Bodies have been validated by `schemas`. */
export interface Wire {
  schemas: {
    instance: ReturnType<typeof import('../../http/schema.ts').Component>;
    create: TSchema;
    update: TSchema;
    credentials: TSchema;
    /** Example of a URI without a password. */
    uri: string;
    metrics: TSchema;
  };
  toNew(body: unknown): NewService;
  toUpdate(body: unknown): UpdateRequest;
  viewMetrics(found: FoundMetrics): { summary: object; health: object };
}

/** Members of a create request that both kinds have, with their names in the API. */
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

/** The same for an update; undefined members stay unchanged. */
interface CommonUpdate extends SettingChanges {
  name?: string;
  configuration?: Record<string, unknown>;
  resource_profile?: string;
  parameter_group_id?: number | null;
}

export const commonUpdate = (body: CommonUpdate): UpdateRequest => ({
  ...(body.name === undefined ? {} : { name: body.name }),
  ...(body.configuration === undefined ? {} : { configuration: body.configuration }),
  ...(body.resource_profile === undefined ? {} : { plan: body.resource_profile }),
  ...(body.parameter_group_id === undefined ? {} : { parameterGroupId: body.parameter_group_id }),
  settings: pickSettings(body),
});

/** The members of a summary of metrics that both kinds have. */
export function commonSummary({ metrics, reason, at }: FoundMetrics) {
  const bytes = metrics?.memory_used_bytes ?? null;
  return {
    memory_used_bytes: bytes,
    memory_used_mb: bytes === null ? null : Math.round(bytes / 1024 / 1024),
    connected_clients: metrics?.connected_clients ?? null,
    max_clients: metrics?.max_clients ?? null,
    uptime_seconds: metrics?.uptime_seconds ?? null,
    retrieved_at: metrics === null ? null : at,
    reason,
  };
}
