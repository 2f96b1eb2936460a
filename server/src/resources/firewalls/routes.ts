import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { PageOf } from '../../http/pagination.ts';
import {
  CreateFirewall,
  DeployFirewall,
  Firewall,
  FirewallAction,
  FirewallAnswer,
  FirewallAttachment,
  FirewallDeleted,
  FirewallParams,
  FirewallQuery,
  FirewallTested,
  FirewallWritten,
  TestFirewall,
  UpdateFirewall,
} from './schema.ts';
import type { FirewallService } from './service.ts';

const tags = ['Firewalls'];
const params = FirewallParams;
const one = '/firewalls/:firewall';

/** `/firewalls`: firewalls of the team's instances. */
export function firewallRoutes(api: Api, firewalls: FirewallService): void {
  collectionRoutes(api, firewalls);
  memberRoutes(api, firewalls);
  deleteRoute(api, firewalls);
  testRoute(api, firewalls);
  attachmentRoutes(api, firewalls);
  deployRoutes(api, firewalls);
}

function collectionRoutes(api: Api, firewalls: FirewallService): void {
  api.get(
    '/firewalls',
    {
      config: { scope: 'firewall:read' },
      schema: {
        operationId: 'listFirewalls',
        summary: 'List firewalls',
        description:
          'Lists the team’s firewalls, newest first, or those that the parameters name. Firewalls that were created with ' +
          'instances are among them.',
        tags,
        querystring: FirewallQuery,
        response: { 200: PageOf(Firewall) },
      },
    },
    (request) => firewalls.list(request.principal, request.query),
  );
  api.post(
    '/firewalls',
    {
      config: { scope: 'firewall:write', errors: ['quota_exceeded'] },
      schema: {
        operationId: 'createFirewall',
        summary: 'Create a firewall',
        description:
          'Creates a firewall. The first rule that matches a packet decides. If none matches, inbound packets are ' +
          'dropped, and outbound packets pass.',
        tags,
        body: CreateFirewall,
        response: { 201: FirewallWritten },
      },
    },
    (request) => mutate(request, (tx) => firewalls.create(tx, request.principal, request.body)),
  );
}

function memberRoutes(api: Api, firewalls: FirewallService): void {
  api.get(
    one,
    {
      config: { scope: 'firewall:read' },
      schema: {
        operationId: 'getFirewall',
        summary: 'Show a firewall',
        description: 'Shows one firewall, with its rules in the order in which they were written.',
        tags,
        params,
        response: { 200: FirewallAnswer },
      },
    },
    (request) => firewalls.show(request.principal, request.params.firewall),
  );
  api.put(
    one,
    {
      config: { scope: 'firewall:write' },
      schema: {
        operationId: 'updateFirewall',
        summary: 'Update a firewall',
        description:
          '`rules` and `attached_instances` replace the previous ones. What is left out stays unchanged. New rules ' +
          'are applied at once, unless `status` is `draft`.',
        tags,
        params,
        body: UpdateFirewall,
        response: { 200: FirewallWritten },
      },
    },
    (request) =>
      mutate(request, (tx) => firewalls.update(tx, request.principal, request.params.firewall, request.body)),
  );
}

function deleteRoute(api: Api, firewalls: FirewallService): void {
  api.delete(
    one,
    {
      config: { scope: 'firewall:delete', errors: ['invalid_state'] },
      schema: {
        operationId: 'deleteFirewall',
        summary: 'Delete a firewall',
        description:
          'Deletes a firewall that is not attached to any instance, other than those that are being deleted.',
        tags,
        params,
        response: { 200: FirewallDeleted },
      },
    },
    (request) => mutate(request, (tx) => firewalls.remove(tx, request.principal, request.params.firewall)),
  );
}

function testRoute(api: Api, firewalls: FirewallService): void {
  api.post(
    `${one}/test`,
    {
      config: { scope: 'firewall:read' },
      schema: {
        operationId: 'testFirewall',
        summary: 'Test a firewall',
        description:
          'Shows whether the first packet of a connection would pass, and which rule decides. It uses the saved ' +
          'rules, including drafts, and changes nothing.',
        tags,
        params,
        body: TestFirewall,
        response: { 200: FirewallTested },
      },
    },
    (request) => firewalls.test(request.principal, request.params.firewall, request.body),
  );
}

function attachmentRoutes(api: Api, firewalls: FirewallService): void {
  api.post(
    `${one}/attach`,
    {
      config: { scope: 'firewall:write' },
      schema: {
        operationId: 'attachFirewall',
        summary: 'Attach a firewall',
        description:
          'Applies the firewall to an instance. An instance can have five firewalls. A packet that one of them ' +
          'denies is dropped, whatever the others allow.',
        tags,
        params,
        body: FirewallAttachment,
        response: { 200: FirewallAction },
      },
    },
    (request) =>
      mutate(request, (tx) => firewalls.attach(tx, request.principal, request.params.firewall, request.body)),
  );
  api.post(
    `${one}/detach`,
    {
      config: { scope: 'firewall:write' },
      schema: {
        operationId: 'detachFirewall',
        summary: 'Detach a firewall',
        description:
          'Removes the firewall from an instance. Without any firewall, an instance receives only replies to what it sends.',
        tags,
        params,
        body: FirewallAttachment,
        response: { 200: FirewallAction },
      },
    },
    (request) =>
      mutate(request, (tx) => firewalls.detach(tx, request.principal, request.params.firewall, request.body)),
  );
}

function deployRoutes(api: Api, firewalls: FirewallService): void {
  api.post(
    `${one}/deploy`,
    {
      config: { scope: 'firewall:write' },
      schema: {
        operationId: 'deployFirewall',
        summary: 'Deploy a firewall',
        description:
          'Applies the saved rules. With `confirm_within`, the previous rules are restored unless `confirm` is ' +
          'called in time, so that a mistake locks nobody out.',
        tags,
        params,
        body: DeployFirewall,
        response: { 200: FirewallAction },
      },
      // The body is optional.
      preValidation: async (request) => {
        request.body ??= {};
      },
    },
    (request) =>
      mutate(request, (tx) => firewalls.deploy(tx, request.principal, request.params.firewall, request.body)),
  );
  api.post(
    `${one}/confirm`,
    {
      config: { scope: 'firewall:write', errors: ['invalid_state'] },
      schema: {
        operationId: 'confirmFirewall',
        summary: 'Confirm a deployment',
        description: 'Keeps the rules of a deployment with `confirm_within`.',
        tags,
        params,
        response: { 200: FirewallAction },
      },
    },
    (request) => mutate(request, (tx) => firewalls.confirm(tx, request.principal, request.params.firewall)),
  );
}
