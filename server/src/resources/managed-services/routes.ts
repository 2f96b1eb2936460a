import type { Api } from '../../http/api.ts';
import { refuseChanges } from '../../http/fixed.ts';
import { mutate } from '../../http/mutation.ts';
import { PageOf } from '../../http/pagination.ts';
import { catalogRoutes } from './catalog-routes.ts';
import { connectionRoute } from './connection-route.ts';
import { inspectionRoutes } from './inspection-routes.ts';
import { DEFAULT_OVERLAP_SECONDS } from './rotation.ts';
import { routeParts, type ServiceRouteDependencies } from './route-parts.ts';
import {
  Action,
  Created,
  Published,
  RotateCredentials,
  Rotated,
  ServiceQuery,
  Shown,
  Updated,
  Withdrawn,
} from './schema.ts';
import type { ServiceActions } from './service.ts';
import type { ServiceStatus } from './states.ts';
import type { Wire } from './wire.ts';

/** The routes that databases and caches have in common, below `/database` or `/cache`. */
export function managedServiceRoutes(api: Api, dependencies: ServiceRouteDependencies, wire: Wire): void {
  const { database, service } = dependencies;
  const { schemas, viewMetrics } = wire;
  collectionRoutes(api, service, wire);
  catalogRoutes(api, database, service);
  memberRoutes(api, service, wire);
  actionRoutes(api, service);
  deleteRoute(api, service);
  credentialRoutes(api, service, schemas.credentials);
  publicationRoutes(api, service);
  inspectionRoutes(api, dependencies, schemas.metrics, viewMetrics);
  connectionRoute(api, dependencies);
}

function collectionRoutes(api: Api, service: ServiceActions, { schemas, toNew }: Wire): void {
  const { noun, label, path, tags, scope } = routeParts(service);
  api.get(
    path,
    {
      config: { scope: scope('read') },
      schema: {
        operationId: `list${label}s`,
        summary: `List ${noun}s`,
        description: `Lists the team’s ${noun}s, newest first, or those that the parameters name.`,
        tags,
        querystring: ServiceQuery,
        response: { 200: PageOf(schemas.instance) },
      },
    },
    (request) => service.list(request.principal, request.query),
  );
  api.post(
    path,
    {
      config: { scope: scope('write'), errors: ['quota_exceeded', 'not_available'] },
      schema: {
        operationId: `create${label}`,
        summary: `Create a ${noun}`,
        description:
          `Creates a ${noun} and returns at once. Follow \`operation_id\`, or poll until \`status\` is \`running\`: ` +
          'it answers queries then.',
        tags,
        body: schemas.create,
        response: { 201: Created(schemas.instance, noun) },
      },
    },
    (request) => mutate(request, (tx) => service.create(tx, request.principal, toNew(request.body))),
  );
}

function memberRoutes(api: Api, service: ServiceActions, { schemas, toUpdate }: Wire): void {
  const { noun, label, one, tags, params, scope, idOf } = routeParts(service);
  api.get(
    one,
    {
      config: { scope: scope('read') },
      schema: {
        operationId: `get${label}`,
        summary: `Show a ${noun}`,
        description: `Shows one of the team’s ${noun}s.`,
        tags,
        params,
        response: { 200: Shown(schemas.instance, schemas.uri) },
      },
    },
    (request) => service.show(request.principal, idOf(request)),
  );
  api.put(
    one,
    {
      config: { scope: scope('write'), errors: ['invalid_state', 'not_available'] },
      schema: {
        operationId: `update${label}`,
        summary: `Update a ${noun}`,
        description:
          'Changes the name, the plan, the storage or the parameters. If the engine cannot change its plan while it ' +
          'runs, it is restarted. Parameters that need a restart take effect at the next start (`pending_restart`).',
        tags,
        params,
        body: schemas.update,
        response: { 200: Updated(schemas.instance, noun) },
      },
    },
    (request) => {
      const body = request.body as object;
      const checkFixed = (shown: object) => refuseChanges(schemas.update, noun, shown, body);
      return mutate(request, (tx) =>
        service.update(tx, request.principal, idOf(request), toUpdate(body), checkFixed),
      );
    },
  );
}

function actionRoutes(api: Api, service: ServiceActions): void {
  const { noun, label, one, tags, params, scope, idOf } = routeParts(service);
  const action = (
    name: 'start' | 'stop' | 'force-stop',
    operationId: string,
    status: ServiceStatus,
    summary: string,
    description: string,
  ) =>
    api.post(
      `${one}/${name}`,
      {
        config: { scope: scope('write'), errors: ['invalid_state'] },
        schema: {
          operationId,
          summary,
          description,
          tags,
          params,
          response: { 200: Action(label, status, `The ${noun} is ${status}.`) },
        },
      },
      (request) => mutate(request, (tx) => service.act(tx, request.principal, idOf(request), name)),
    );
  action(
    'start',
    `start${label}`,
    'starting',
    `Start a ${noun}`,
    'Starts it with its data. If its instance was lost, a new one is created with the data volume.',
  );
  action(
    'stop',
    `stop${label}`,
    'stopping',
    `Stop a ${noun}`,
    'Shuts the engine down cleanly, so that its next start needs no recovery.',
  );
  action(
    'force-stop',
    `forceStop${label}`,
    'stopped',
    `Switch off a ${noun}`,
    'Switches it off at once, like a power failure. The next start recovers all committed data.',
  );
}

function deleteRoute(api: Api, service: ServiceActions): void {
  const { noun, label, one, tags, params, scope, idOf } = routeParts(service);
  api.delete(
    one,
    {
      config: { scope: scope('delete'), errors: ['invalid_state'] },
      schema: {
        operationId: `delete${label}`,
        summary: `Delete a ${noun}`,
        description: `Deletes a stopped ${noun} and all of its data. Once it is deleted, requests for it return 404.`,
        tags,
        params,
        response: { 200: Action(label, 'destroying', `The ${noun} is being deleted.`) },
      },
    },
    (request) => mutate(request, (tx) => service.act(tx, request.principal, idOf(request), 'delete')),
  );
}

function credentialRoutes(api: Api, service: ServiceActions, schema: Wire['schemas']['credentials']): void {
  const { kind, label, one, tags, params, scope, idOf } = routeParts(service);
  const credentials = (suffix: string, operationId: string, summary: string) =>
    api.get(
      `${one}/${suffix}`,
      {
        config: { scope: scope('write') },
        schema: {
          operationId,
          summary,
          description:
            'Shows the address, the account and the password, and a URI with all of them. They give full control ' +
            'of the data, so the right to read is not enough.',
          tags,
          params,
          response: { 200: schema },
        },
      },
      (request) => service.credentials(request.principal, idOf(request)),
    );
  credentials('credentials', `get${label}Credentials`, 'Show the credentials');
  rotateRoute(api, service);
  if (kind === 'cache') credentials('connection-info', `get${label}ConnectionInfo`, 'Show how to connect');
}

function rotateRoute(api: Api, service: ServiceActions): void {
  const { noun, label, one, tags, params, scope, idOf } = routeParts(service);
  api.post(
    `${one}/credentials/rotate`,
    {
      config: { scope: scope('write'), errors: ['invalid_state'] },
      schema: {
        operationId: `rotate${label}Credentials`,
        summary: 'Change the password',
        description:
          'Generates a new password, which `credentials` shows once the operation has succeeded. The present one works ' +
          'beside it for `overlap_seconds`, so that applications can change over one by one. Open connections stay open.',
        tags,
        params,
        body: RotateCredentials,
        response: { 200: Rotated(label, noun) },
      },
    },
    (request) =>
      mutate(request, (tx) =>
        service.rotate(
          tx,
          request.principal,
          idOf(request),
          request.body.overlap_seconds ?? DEFAULT_OVERLAP_SECONDS,
        ),
      ),
  );
}

function publicationRoutes(api: Api, service: ServiceActions): void {
  const { noun, label, one, tags, params, scope, idOf } = routeParts(service);
  api.post(
    `${one}/dns`,
    {
      config: { scope: scope('write'), errors: ['invalid_state', 'not_available'] },
      schema: {
        operationId: `publish${label}`,
        summary: `Publish a ${noun}`,
        description: 'Makes it reachable at the install’s public address, at a port of its own and over TLS.',
        tags,
        params,
        response: { 200: Published(label, noun) },
      },
    },
    (request) => mutate(request, (tx) => service.publish(tx, request.principal, idOf(request))),
  );
  api.delete(
    `${one}/dns`,
    {
      config: { scope: scope('write'), errors: ['invalid_state'] },
      schema: {
        operationId: `withdraw${label}`,
        summary: `Withdraw a ${noun}`,
        description: 'Ends its publication, so that it is reachable only from the team’s own network.',
        tags,
        params,
        response: { 200: Withdrawn(label, noun) },
      },
    },
    (request) => mutate(request, (tx) => service.withdraw(tx, request.principal, idOf(request))),
  );
}
