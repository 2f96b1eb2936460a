import type { components } from '@danube/client/schema';
import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { wholeList } from '../api/whole-list.ts';

export type Group = components['schemas']['ParameterGroup'];
export type EngineParameter = components['schemas']['EngineParameterList']['data'][number];

export const groupsQuery = queryOptions({
  queryKey: ['parameter-group', 'list'],
  queryFn: () => wholeList((query) => api.GET('/parameter-groups', { params: { query } })),
});

/** The parameters of an engine, as it lists them itself; those of its newest version where `version` is empty. */
export const parametersQuery = (engine: string, version: string) =>
  queryOptions({
    queryKey: ['engine parameters', engine, version],
    queryFn: async () => {
      const query = { provider_type: engine as 'postgresql', ...(version ? { family: version } : {}) };
      return (await answerOf(api.GET('/parameter-groups/parameters', { params: { query } }))).data;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Groups that an instance of this engine and version can be in. */
export const fits = (group: Group, engine: string, version: string): boolean =>
  group.provider_type === engine && group.is_active && (group.family === null || group.family === version);
