import type { ResourceModule } from '../../module.ts';
import { startDispatcher } from './dispatcher.ts';
import { webhookEvents } from './events.ts';
import { webhookRoutes } from './routes.ts';
import { WebhookService } from './service.ts';
import { purgeWebhooks } from './store.ts';

/** How long deliveries are kept after they ended, in days. */
const KEPT_DAYS = 30;

export const webhooksModule: ResourceModule = {
  name: 'webhooks',
  tags: [{ name: 'Webhooks', description: 'Endpoints of the team that are told of its events.' }],
  scopes: [{ name: 'webhook', actions: ['read', 'write'] }],
  quotas: { webhook_endpoint: { limit: 10, label: 'webhook endpoint' } },
  audit: () => ({ webhookEndpoint: { type: 'webhook-endpoint', tables: ['webhook_endpoints'], id: 'uuid' } }),
  events: webhookEvents,
  search: [
    {
      type: 'webhook',
      noun: 'webhook',
      table: 'webhook_endpoints',
      id: { column: 'id', form: 'uuid' },
      name: 'name',
      status: null,
    },
  ],
  create: ({ config, database, secrets, lookup, log }) => {
    const policy = config.webhookTargets;
    return {
      routes: (api) => webhookRoutes(api, new WebhookService(database, secrets, policy)),
      start: () => startDispatcher({ database, secrets, log, lookup, policy }),
      reconcilers: [
        {
          name: 'webhook-retention',
          everySeconds: 3600,
          run: () => purgeWebhooks(database.db, KEPT_DAYS),
        },
      ],
    };
  },
};
