import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { PageOf } from '../../http/pagination.ts';
import { parseNumberId } from '../../http/schema.ts';
import {
  CloneParameterGroup,
  CreateParameterGroup,
  EngineParameterList,
  GroupAnswer,
  GroupDeleted,
  GroupParams,
  GroupQuery,
  GroupWritten,
  ParameterGroup,
  ParameterQuery,
  UpdateParameterGroup,
} from './schema.ts';
import type { ParameterGroupService } from './service.ts';

const tags = ['Parameter groups'];
const params = GroupParams;
const one = '/parameter-groups/:parameterGroup';

/** Parameter groups: sets of engine parameters that instances share. Caches' groups use the scopes of databases too. */
export function parameterGroupRoutes(api: Api, groups: ParameterGroupService): void {
  collectionRoutes(api, groups);
  parametersRoute(api, groups);
  memberRoutes(api, groups);
  deleteRoute(api, groups);
  cloneRoute(api, groups);
}

function collectionRoutes(api: Api, groups: ParameterGroupService): void {
  api.get(
    '/parameter-groups',
    {
      config: { scope: 'database:read' },
      schema: {
        operationId: 'listParameterGroups',
        summary: 'List parameter groups',
        description:
          'Lists the team’s groups, newest first, and the built-in ones, one for each engine; or those that the ' +
          'parameters name.',
        tags,
        querystring: GroupQuery,
        response: { 200: PageOf(ParameterGroup) },
      },
    },
    (request) => groups.list(request.principal, request.query),
  );
  api.post(
    '/parameter-groups',
    {
      config: { scope: 'database:write', errors: ['quota_exceeded'] },
      schema: {
        operationId: 'createParameterGroup',
        summary: 'Create a parameter group',
        description:
          'Creates a group. Names and values are checked against the engine’s own list of its parameters. Parameters ' +
          'that would give access beyond the engine, or that Danube depends on, are refused.',
        tags,
        body: CreateParameterGroup,
        response: { 201: GroupWritten },
      },
    },
    (request) => mutate(request, (tx) => groups.create(tx, request.principal, request.body)),
  );
}

function parametersRoute(api: Api, groups: ParameterGroupService): void {
  api.get(
    '/parameter-groups/parameters',
    {
      config: { scope: 'database:read', errors: ['unavailable'] },
      schema: {
        operationId: 'listEngineParameters',
        summary: 'List the parameters of an engine',
        description:
          'Lists what groups and instances can set, as the engine itself lists it: type, range, default and what it is for. Until ' +
          'the image of that version is built, which this begins, the answer is 503.',
        tags,
        querystring: ParameterQuery,
        response: { 200: EngineParameterList },
      },
    },
    (request) => groups.parameters(request.query),
  );
}

function memberRoutes(api: Api, groups: ParameterGroupService): void {
  api.get(
    one,
    {
      config: { scope: 'database:read' },
      schema: {
        operationId: 'getParameterGroup',
        summary: 'Show a parameter group',
        description: 'Shows one of the team’s groups, or a built-in one.',
        tags,
        params,
        response: { 200: GroupAnswer },
      },
    },
    (request) => groups.show(request.principal, parseNumberId(request.params.parameterGroup)),
  );
  api.put(
    one,
    {
      config: { scope: 'database:write', errors: ['invalid_state'] },
      schema: {
        operationId: 'updateParameterGroup',
        summary: 'Update a parameter group',
        description: 'Changes a group. Each instance that uses it is updated in an operation of its own.',
        tags,
        params,
        body: UpdateParameterGroup,
        response: { 200: GroupWritten },
      },
    },
    (request) =>
      mutate(request, (tx) =>
        groups.update(tx, request.principal, parseNumberId(request.params.parameterGroup), request.body),
      ),
  );
}

function deleteRoute(api: Api, groups: ParameterGroupService): void {
  api.delete(
    one,
    {
      config: { scope: 'database:delete', errors: ['invalid_state'] },
      schema: {
        operationId: 'deleteParameterGroup',
        summary: 'Delete a parameter group',
        description: 'Deletes a group that no instance uses.',
        tags,
        params,
        response: { 200: GroupDeleted },
      },
    },
    (request) =>
      mutate(request, (tx) =>
        groups.remove(tx, request.principal, parseNumberId(request.params.parameterGroup)),
      ),
  );
}

function cloneRoute(api: Api, groups: ParameterGroupService): void {
  api.post(
    `${one}/clone`,
    {
      config: { scope: 'database:write', errors: ['quota_exceeded'] },
      schema: {
        operationId: 'cloneParameterGroup',
        summary: 'Clone a parameter group',
        description: 'Copies one of the team’s groups, or a built-in one.',
        tags,
        params,
        body: CloneParameterGroup,
        response: { 201: GroupWritten },
      },
    },
    (request) =>
      mutate(request, (tx) =>
        groups.clone(tx, request.principal, parseNumberId(request.params.parameterGroup), request.body),
      ),
  );
}
