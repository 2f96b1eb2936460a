import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { PageOf } from '../../http/pagination.ts';
import { LineText, Obj, PathId } from '../../http/schema.ts';
import {
  AlertQuery,
  AvailableMetrics,
  CreateMetricAlert,
  HistoryQuery,
  MetricAlert,
  MetricAlertAnswer,
  MetricAlertCreated,
  MetricAlertDeleted,
  MetricAlertHistory,
  MetricAlertUpdated,
  UpdateMetricAlert,
} from './schema.ts';
import type { AlertService } from './service.ts';

const tags = ['Alerts'];
const onAlert = Obj({ metricAlert: PathId('uuid', 'Id of the alert.') });
/** The needed scope is that of the instance. */
const config = { scope: null } as const;
const READ = 'The token must have the scope to read the instance, for example `vps:read`.';
const WRITE = 'The token must have the scope to change the instance, for example `vps:write`.';

/** Routes for alerts on metrics. */
export function alertRoutes(api: Api, service: AlertService): void {
  readingRoutes(api, service);
  writingRoutes(api, service);
}

function readingRoutes(api: Api, service: AlertService): void {
  api.get(
    '/metric-alerts',
    {
      schema: {
        operationId: 'listMetricAlerts',
        summary: 'List alerts',
        description: `Lists the alerts on instances that the token may read, newest first, or those that the parameters name.`,
        tags,
        querystring: AlertQuery,
        response: { 200: PageOf(MetricAlert) },
      },
      config,
    },
    ({ principal, query }) => service.list(principal, query),
  );
  api.get(
    '/metric-alerts/available-metrics/:resourceType',
    {
      schema: {
        operationId: 'listAlertMetrics',
        summary: 'List metrics for alerts',
        description: 'Lists the metrics that instances of a kind have.',
        tags,
        params: Obj({ resourceType: LineText(1000, 'vps', { description: 'A kind of instance.' }) }),
        response: { 200: AvailableMetrics },
      },
      config,
    },
    async ({ params }) => service.availableMetrics(params.resourceType),
  );
  api.get(
    '/metric-alerts/:metricAlert',
    {
      schema: {
        operationId: 'getMetricAlert',
        summary: 'Show an alert',
        description: `Shows an alert, and how it is. ${READ}`,
        tags,
        params: onAlert,
        response: { 200: MetricAlertAnswer },
      },
      config,
    },
    async ({ principal, params }) => ({ alert: await service.show(principal, params.metricAlert) }),
  );
  api.get(
    '/metric-alerts/:metricAlert/history',
    {
      schema: {
        operationId: 'listMetricAlertHistory',
        summary: 'Show what became of an alert',
        description: `Lists when it fired, when it was over, and when there was no data, newest first. ${READ}`,
        tags,
        params: onAlert,
        querystring: HistoryQuery,
        response: { 200: MetricAlertHistory },
      },
      config,
    },
    ({ principal, params, query }) => service.history(principal, params.metricAlert, query.limit),
  );
}

function writingRoutes(api: Api, service: AlertService): void {
  api.post(
    '/metric-alerts',
    {
      schema: {
        operationId: 'createMetricAlert',
        summary: 'Create an alert',
        description: `Watches a metric of an instance. ${WRITE}`,
        tags,
        body: CreateMetricAlert,
        response: { 201: MetricAlertCreated },
      },
      config: { ...config, errors: ['quota_exceeded'] },
    },
    (request) =>
      mutate(request, async (tx) => ({
        message: 'Alert created.',
        alert: await service.create(tx, request.principal, request.body),
        warnings: [],
      })),
  );
  api.put(
    '/metric-alerts/:metricAlert',
    {
      schema: {
        operationId: 'updateMetricAlert',
        summary: 'Change an alert',
        description:
          'Changes the members that the request has. Where that changes what is compared, the alert begins anew: one that fires is over. ' +
          WRITE,
        tags,
        params: onAlert,
        body: UpdateMetricAlert,
        response: { 200: MetricAlertUpdated },
      },
      config,
    },
    (request) =>
      mutate(request, async (tx) => ({
        message: 'Alert saved.',
        alert: await service.update(tx, request.principal, request.params.metricAlert, request.body),
        warnings: [],
      })),
  );
  api.patch(
    '/metric-alerts/:metricAlert/toggle',
    {
      schema: {
        operationId: 'toggleMetricAlert',
        summary: 'Enable or disable an alert',
        description: `Disables an alert that is enabled, and the other way round. One that fires is over then. ${WRITE}`,
        tags,
        params: onAlert,
        response: { 200: MetricAlertUpdated },
      },
      config,
    },
    (request) =>
      mutate(request, async (tx) => {
        const alert = await service.toggle(tx, request.principal, request.params.metricAlert);
        return { message: alert.enabled ? 'Alert enabled.' : 'Alert disabled.', alert, warnings: [] };
      }),
  );
  api.delete(
    '/metric-alerts/:metricAlert',
    {
      schema: {
        operationId: 'deleteMetricAlert',
        summary: 'Delete an alert',
        description: `Deletes an alert and its history. ${WRITE}`,
        tags,
        params: onAlert,
        response: { 200: MetricAlertDeleted },
      },
      config,
    },
    (request) =>
      mutate(request, async (tx) => {
        await service.delete(tx, request.principal, request.params.metricAlert);
        return { message: 'Alert deleted.' };
      }),
  );
}
