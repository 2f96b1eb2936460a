import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { PageOf } from '../../http/pagination.ts';
import { commonInspectionRoutes } from '../../instances/inspection-routes.ts';
import { isTransitional, statusColor, statusLabel } from '../../instances/status.ts';
import type { MetricsStore } from '../../metrics/contract.ts';
import type { PassClock } from '../../reconcilers/reconcilers.ts';
import { catalogRoutes } from './catalog-routes.ts';
import { VpsInspection } from './inspection.ts';
import { vpsMetricRoutes } from './metrics-routes.ts';
import {
  CreatedVps,
  CreateVps,
  ReinstallVps,
  ShownVps,
  UpdatedVps,
  UpdateVps,
  Vps,
  VpsAction,
  VpsLog,
  VpsLogQuery,
  VpsParams,
  VpsPassword,
  VpsQuery,
  VpsStatusView,
} from './schema.ts';
import type { VpsService } from './service.ts';
import { allowedActions, type VpsStatus } from './states.ts';

const tags = ['VPS'];
const params = VpsParams;
const one = '/vps/:vpsInstance';

/** `/vps`: the routes for a team's servers. */
export function vpsRoutes(
  api: Api,
  vps: VpsService,
  parts: { database: Database; plane: DataPlane; metrics: MetricsStore; clock: PassClock },
): void {
  collectionRoutes(api, vps);
  catalogRoutes(api, parts);
  memberRoutes(api, vps);
  statusRoute(api, vps);
  passwordRoute(api, vps);
  actionRoutes(api, vps);
  reinstallRoute(api, vps);
  deleteRoute(api, vps);
  const inspection = new VpsInspection(parts);
  logRoute(api, vps, inspection);
  vpsMetricRoutes(api, vps, parts);
  commonInspectionRoutes(
    api,
    {
      path: one,
      params,
      label: 'Vps',
      title: 'VPS',
      noun: 'server',
      tags,
      scope: 'vps:read',
      find: (request) => vps.find(request.principal, (request.params as { vpsInstance: string }).vpsInstance),
      events: (row) => inspection.events(row),
      diagnose: (row, seen) => inspection.diagnose(row, seen),
    },
    parts.clock,
  );
}

function logRoute(api: Api, vps: VpsService, inspection: VpsInspection): void {
  api.get(
    `${one}/logs`,
    {
      config: { scope: 'vps:read', asksInstance: true },
      schema: {
        operationId: 'getVpsLogs',
        summary: 'Read a log of the server',
        description:
          'Shows the console log, or one of the two logs of cloud-init, which carries out the user-data.',
        tags,
        params,
        querystring: VpsLogQuery,
        response: { 200: VpsLog },
      },
    },
    async (request) => {
      const log = request.query.log ?? 'console';
      const row = await vps.find(request.principal, request.params.vpsInstance);
      const { text, reason } = await inspection.log(row, log);
      const data = { available: text !== null, log, text };
      return { success: true, data, error: null, meta: { request_id: request.id, reason } };
    },
  );
}

function collectionRoutes(api: Api, vps: VpsService): void {
  api.get(
    '/vps',
    {
      config: { scope: 'vps:read' },
      schema: {
        operationId: 'listVps',
        summary: 'List VPS',
        description: 'Lists the team’s servers, newest first, or those that the parameters name.',
        tags,
        querystring: VpsQuery,
        response: { 200: PageOf(Vps) },
      },
    },
    (request) => vps.list(request.principal, request.query),
  );
  api.post(
    '/vps',
    {
      config: { scope: 'vps:write', errors: ['quota_exceeded', 'not_available'] },
      schema: {
        operationId: 'createVps',
        summary: 'Create a VPS',
        description: 'Returns at once. The server is ready once its `status` is `running`: SSH answers then.',
        tags,
        body: CreateVps,
        response: { 201: CreatedVps },
      },
    },
    (request) => mutate(request, (tx) => vps.create(tx, request.principal, request.body)),
  );
}

function memberRoutes(api: Api, vps: VpsService): void {
  api.get(
    one,
    {
      config: { scope: 'vps:read' },
      schema: {
        operationId: 'getVps',
        summary: 'Show a VPS',
        description: 'Shows one server, with its addresses and cost.',
        tags,
        params,
        response: { 200: ShownVps },
      },
    },
    (request) => vps.show(request.principal, request.params.vpsInstance),
  );
  api.put(
    one,
    {
      config: { scope: 'vps:write', errors: ['invalid_state'] },
      schema: {
        operationId: 'updateVps',
        summary: 'Update a VPS',
        description:
          'Changes the plan or the settings. A new plan needs no restart. The disk can grow, but never shrink.',
        tags,
        params,
        body: UpdateVps,
        response: { 200: UpdatedVps },
      },
    },
    (request) =>
      mutate(request, (tx) => vps.update(tx, request.principal, request.params.vpsInstance, request.body)),
  );
}

function statusRoute(api: Api, vps: VpsService): void {
  api.get(
    `${one}/status`,
    {
      config: { scope: 'vps:read' },
      schema: {
        operationId: 'getVpsStatus',
        summary: 'Show the status',
        description: 'A cheap request for polling the status; every 5 seconds is enough.',
        tags,
        params,
        response: { 200: VpsStatusView },
      },
    },
    async (request) => {
      const row = await vps.find(request.principal, request.params.vpsInstance);
      const allowed = allowedActions(row);
      return {
        status: row.status as VpsStatus,
        status_label: statusLabel(row.status),
        status_color: statusColor(row.status),
        can_be_started: allowed.start,
        can_be_stopped: allowed.stop,
        can_be_rebooted: allowed.reboot,
        can_be_destroyed: allowed.destroy,
        is_transitional: isTransitional(row.status),
        updated_at: row.updated_at.toISOString(),
      };
    },
  );
}

function passwordRoute(api: Api, vps: VpsService): void {
  api.get(
    `${one}/password`,
    {
      config: { scope: 'vps:write' },
      schema: {
        operationId: 'getVpsPassword',
        summary: 'Show the root password',
        description:
          'Shows the password for the console. SSH accepts it only if `auth_method` is `password`. It gives full ' +
          'control of the server, so the right to read is not enough.',
        tags,
        params,
        response: { 200: VpsPassword },
      },
    },
    (request) => vps.password(request.principal, request.params.vpsInstance),
  );
}

function actionRoutes(api: Api, vps: VpsService): void {
  const action = (
    kind: 'start' | 'stop' | 'reboot',
    status: VpsStatus,
    words: { operationId: string; summary: string; description: string; message: string },
  ) =>
    api.post(
      `${one}/${kind}`,
      {
        config: { scope: 'vps:write', errors: ['invalid_state'] },
        schema: {
          operationId: words.operationId,
          summary: words.summary,
          description: words.description,
          tags,
          params,
          response: { 200: VpsAction(status, words.message) },
        },
      },
      (request) => mutate(request, (tx) => vps.act(tx, request.principal, request.params.vpsInstance, kind)),
    );
  action('start', 'starting', {
    operationId: 'startVps',
    summary: 'Start a VPS',
    description:
      'Starts a stopped server. If another operation on it is still running, the start waits for it to end.',
    message: 'The server is starting.',
  });
  action('stop', 'stopping', {
    operationId: 'stopVps',
    summary: 'Stop a VPS',
    description: 'Asks the guest to shut down, and switches it off after 30 seconds.',
    message: 'The server is stopping.',
  });
  action('reboot', 'rebooting', {
    operationId: 'rebootVps',
    summary: 'Reboot a VPS',
    description: 'Stops and starts the server.',
    message: 'The server is rebooting.',
  });
}

function reinstallRoute(api: Api, vps: VpsService): void {
  api.post(
    `${one}/reinstall`,
    {
      config: { scope: 'vps:write', errors: ['invalid_state', 'not_available'] },
      schema: {
        operationId: 'reinstallVps',
        summary: 'Reinstall a VPS',
        description:
          'Replaces the disk with a new system. The id, the name and the addresses stay the same, and so does root’s login ' +
          'unless the request changes it. A key that the team has deleted is not installed again: name another one.',
        tags,
        params,
        body: ReinstallVps,
        response: { 200: VpsAction('reinstalling', 'The server is being reinstalled.') },
      },
    },
    (request) =>
      mutate(request, (tx) => vps.reinstall(tx, request.principal, request.params.vpsInstance, request.body)),
  );
}

function deleteRoute(api: Api, vps: VpsService): void {
  api.delete(
    one,
    {
      config: { scope: 'vps:delete', errors: ['invalid_state'] },
      schema: {
        operationId: 'deleteVps',
        summary: 'Delete a VPS',
        description: 'Deletes a stopped server and its disk. Once it is deleted, requests for it return 404.',
        tags,
        params,
        response: { 200: VpsAction('destroying', 'The server is being deleted.') },
      },
    },
    (request) =>
      mutate(request, (tx) => vps.act(tx, request.principal, request.params.vpsInstance, 'delete')),
  );
}
