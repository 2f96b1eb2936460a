import type { ResourceModule } from '../../module.ts';
import { addDefaultAlerts } from './defaults.ts';
import { evaluateAlerts } from './evaluator.ts';
import { alertEvents } from './events.ts';
import { alertRoutes } from './routes.ts';
import { AlertService } from './service.ts';
import { endAlertsOf, purgeAlertHistory } from './store.ts';

/** Seconds between two evaluations: as often as most metrics are measured. */
const EVERY_SECONDS = 15;

export const alertsModule: ResourceModule = {
  name: 'alerts',
  tags: [{ name: 'Alerts', description: 'Thresholds of metrics that somebody is told of.' }],
  quotas: { metric_alert: { limit: 200, label: 'alert' } },
  events: alertEvents,
  endInstance: endAlertsOf,
  audit: () => ({ metricAlert: { type: 'alert', tables: ['metric_alerts'], id: 'uuid' } }),
  create: ({ config, database, metrics }) => ({
    routes: (api) => alertRoutes(api, new AlertService(database)),
    reconcilers: [
      { name: 'alerts', everySeconds: EVERY_SECONDS, run: () => evaluateAlerts(database, metrics) },
      {
        name: 'default-alerts',
        everySeconds: EVERY_SECONDS,
        run: () => addDefaultAlerts(database, config.defaultAlerts),
      },
      {
        name: 'alert-retention',
        everySeconds: 3600,
        run: () => purgeAlertHistory(database.db, config.eventDays),
      },
    ],
  }),
};
