import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { PageOf } from '../../http/pagination.ts';
import { Obj, PathId, parseNumberId } from '../../http/schema.ts';
import { DeliveryQuery, WebhookDelivery, WebhookDeliveryAnswer, WebhookDeliveryStarted } from './schema.ts';
import type { WebhookService } from './service.ts';

const tags = ['Webhooks'];
const read = { scope: 'webhook:read' } as const;
const write = { scope: 'webhook:write' } as const;
const onDelivery = Obj({ webhookDelivery: PathId('integer', 'Id of the delivery.') });

/** Routes for what was sent to the team’s endpoints. */
export function deliveryRoutes(api: Api, service: WebhookService): void {
  api.get(
    '/webhooks/deliveries',
    {
      schema: {
        operationId: 'listWebhookDeliveries',
        summary: 'List deliveries',
        description:
          'Lists what was and will be sent to the team’s endpoints, newest first, about what the token may read, for example VPS with ' +
          '`vps:read`. Deliveries are kept for 30 days after they ended. `name` is a type of event.',
        tags,
        querystring: DeliveryQuery,
        response: { 200: PageOf(WebhookDelivery) },
      },
      config: read,
    },
    ({ principal, query }) => service.listDeliveries(principal, query),
  );
  api.get(
    '/webhooks/deliveries/:webhookDelivery',
    {
      schema: {
        operationId: 'getWebhookDelivery',
        summary: 'Show a delivery',
        description: 'Shows one delivery: what is sent, and how the last attempt went.',
        tags,
        params: onDelivery,
        response: { 200: WebhookDeliveryAnswer },
      },
      config: read,
    },
    async ({ principal, params }) => ({
      delivery: await service.showDelivery(principal, parseNumberId(params.webhookDelivery)),
    }),
  );
  api.post(
    '/webhooks/deliveries/:webhookDelivery/redeliver',
    {
      schema: {
        operationId: 'redeliverWebhook',
        summary: 'Send a delivery again',
        description:
          'Sends the same message again, with the same `webhook-id`. One that waits for its next attempt is sent now.',
        tags,
        params: onDelivery,
        response: { 200: WebhookDeliveryStarted },
      },
      config: { ...write, errors: ['invalid_state'] },
    },
    (request) =>
      mutate(request, async (tx) => {
        const id = parseNumberId(request.params.webhookDelivery);
        const delivery = await service.redeliver(tx, request.principal, id);
        const message =
          delivery.state === 'queued'
            ? 'It is sent after the earlier ones about the same resource.'
            : 'It is sent now.';
        return { message, delivery };
      }),
  );
}
