import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { PageOf } from '../../http/pagination.ts';
import { Obj, PathId } from '../../http/schema.ts';
import { deliveryRoutes } from './delivery-routes.ts';
import {
  CreateWebhookEndpoint,
  EndpointQuery,
  RedeliverFailed,
  RedeliveryStarted,
  UpdateWebhookConfig,
  UpdateWebhookEndpoint,
  WebhookConfig,
  WebhookConfigUpdated,
  WebhookDeliveryStarted,
  WebhookEndpoint,
  WebhookEndpointAnswer,
  WebhookEndpointCreated,
  WebhookEndpointDeleted,
  WebhookEndpointUpdated,
  WebhookSecretRegenerated,
} from './schema.ts';
import type { WebhookService } from './service.ts';

const tags = ['Webhooks'];
const read = { scope: 'webhook:read' } as const;
const write = { scope: 'webhook:write' } as const;
const onEndpoint = Obj({ webhookEndpoint: PathId('uuid', 'Id of the endpoint.') });
/** Answers hold a secret that is shown once. */
const SECRET = { holdsSecret: true };
const REGENERATED =
  'The secret was replaced. Messages are signed with the previous one as well for 24 hours.';

/** Routes for the webhooks of a team. */
export function webhookRoutes(api: Api, service: WebhookService): void {
  configRoutes(api, service);
  endpointRoutes(api, service);
  endpointActions(api, service);
  deliveryRoutes(api, service);
}

function configRoutes(api: Api, service: WebhookService): void {
  api.get(
    '/webhooks/config',
    {
      schema: {
        operationId: 'getWebhookConfig',
        summary: 'Show the webhook',
        description: 'Shows the team’s default endpoint, which gets all events.',
        tags,
        response: { 200: WebhookConfig },
      },
      config: read,
    },
    ({ principal }) => service.showConfig(principal),
  );
  api.put(
    '/webhooks/config',
    {
      schema: {
        operationId: 'updateWebhookConfig',
        summary: 'Set the webhook',
        description:
          'Creates or changes the team’s default endpoint. `webhook_secret` is in the answer that creates it, and null in others.',
        tags,
        body: UpdateWebhookConfig,
        response: { 200: WebhookConfigUpdated },
      },
      config: { ...write, errors: ['quota_exceeded'] },
    },
    (request) =>
      mutate(
        request,
        async (tx) => ({
          message: 'Webhook saved.',
          ...(await service.saveConfig(tx, request.principal, request.body)),
        }),
        SECRET,
      ),
  );
  api.post(
    '/webhooks/config/regenerate-secret',
    {
      schema: {
        operationId: 'regenerateWebhookSecret',
        summary: 'Replace the secret',
        description:
          'Gives the team’s default endpoint a new secret. For 24 hours, messages carry a signature of each of the two.',
        tags,
        response: { 200: WebhookSecretRegenerated },
      },
      config: { ...write, errors: ['invalid_state'] },
    },
    (request) =>
      mutate(
        request,
        async (tx) => ({
          message: REGENERATED,
          webhook_secret: await service.regenerateDefault(tx, request.principal),
        }),
        SECRET,
      ),
  );
}

function endpointRoutes(api: Api, service: WebhookService): void {
  api.get(
    '/webhooks/endpoints',
    {
      schema: {
        operationId: 'listWebhookEndpoints',
        summary: 'List endpoints',
        description: 'Lists the team’s endpoints, newest first, or those that the parameters name.',
        tags,
        querystring: EndpointQuery,
        response: { 200: PageOf(WebhookEndpoint) },
      },
      config: read,
    },
    ({ principal, query }) => service.list(principal, query),
  );
  api.post(
    '/webhooks/endpoints',
    {
      schema: {
        operationId: 'createWebhookEndpoint',
        summary: 'Add an endpoint',
        description:
          'Adds an endpoint that is told of events from now on, of all or of some types. It gets all that the team’s events hold, ' +
          'whatever the token that added it may read.',
        tags,
        body: CreateWebhookEndpoint,
        response: { 201: WebhookEndpointCreated },
      },
      config: { ...write, errors: ['quota_exceeded'] },
    },
    (request) =>
      mutate(
        request,
        async (tx) => ({
          message: 'Endpoint created.',
          ...(await service.create(tx, request.principal, request.body)),
        }),
        SECRET,
      ),
  );
  api.get(
    '/webhooks/endpoints/:webhookEndpoint',
    {
      schema: {
        operationId: 'getWebhookEndpoint',
        summary: 'Show an endpoint',
        description: 'Shows one of the team’s endpoints.',
        tags,
        params: onEndpoint,
        response: { 200: WebhookEndpointAnswer },
      },
      config: read,
    },
    async ({ principal, params }) => ({ endpoint: await service.show(principal, params.webhookEndpoint) }),
  );
  api.put(
    '/webhooks/endpoints/:webhookEndpoint',
    {
      schema: {
        operationId: 'updateWebhookEndpoint',
        summary: 'Change an endpoint',
        description:
          'Changes the members that the request has. A disabled endpoint gets no events, also not later; enabled again, it gets ' +
          'what it had not got yet, and what happens from then on.',
        tags,
        params: onEndpoint,
        body: UpdateWebhookEndpoint,
        response: { 200: WebhookEndpointUpdated },
      },
      config: write,
    },
    (request) =>
      mutate(request, async (tx) => ({
        message: 'Endpoint saved.',
        ...(await service.update(tx, request.principal, request.params.webhookEndpoint, request.body)),
      })),
  );
  api.delete(
    '/webhooks/endpoints/:webhookEndpoint',
    {
      schema: {
        operationId: 'deleteWebhookEndpoint',
        summary: 'Delete an endpoint',
        description:
          'Deletes an endpoint and the list of its deliveries. Needs no other scope than changing it.',
        tags,
        params: onEndpoint,
        response: { 200: WebhookEndpointDeleted },
      },
      config: write,
    },
    (request) =>
      mutate(request, async (tx) => {
        await service.delete(tx, request.principal, request.params.webhookEndpoint);
        return { message: 'Endpoint deleted.' };
      }),
  );
}

function endpointActions(api: Api, service: WebhookService): void {
  api.post(
    '/webhooks/endpoints/:webhookEndpoint/regenerate-secret',
    {
      schema: {
        operationId: 'regenerateWebhookEndpointSecret',
        summary: 'Replace an endpoint’s secret',
        description: 'Gives it a new secret. For 24 hours, messages carry a signature of each of the two.',
        tags,
        params: onEndpoint,
        response: { 200: WebhookSecretRegenerated },
      },
      config: write,
    },
    (request) =>
      mutate(
        request,
        async (tx) => ({
          message: REGENERATED,
          webhook_secret: await service.regenerate(tx, request.principal, request.params.webhookEndpoint),
        }),
        SECRET,
      ),
  );
  api.post(
    '/webhooks/endpoints/:webhookEndpoint/test',
    {
      schema: {
        operationId: 'testWebhookEndpoint',
        summary: 'Send a test',
        description: 'Sends a message of the type `webhook.test`. Its delivery says how that went.',
        tags,
        params: onEndpoint,
        response: { 200: WebhookDeliveryStarted },
      },
      config: { ...write, errors: ['invalid_state'] },
    },
    (request) =>
      mutate(request, async (tx) => ({
        message: 'A test is sent now.',
        delivery: await service.test(tx, request.principal, request.params.webhookEndpoint),
      })),
  );
  api.post(
    '/webhooks/endpoints/:webhookEndpoint/redeliver',
    {
      schema: {
        operationId: 'redeliverFailedWebhooks',
        summary: 'Send failed deliveries again',
        description:
          'Sends all deliveries to the endpoint again that were made since a time and have failed, also those that would be tried again later.',
        tags,
        params: onEndpoint,
        body: RedeliverFailed,
        response: { 200: RedeliveryStarted },
      },
      config: { ...write, errors: ['invalid_state'] },
    },
    (request) =>
      mutate(request, async (tx) => {
        const { principal, params, body } = request;
        const count = await service.redeliverFailed(tx, principal, params.webhookEndpoint, body.since);
        return { message: `${count} ${count === 1 ? 'delivery is' : 'deliveries are'} sent again.`, count };
      }),
  );
}
