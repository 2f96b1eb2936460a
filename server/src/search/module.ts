import type { Database } from '../db/database.ts';
import type { Api } from '../http/api.ts';
import { readScopeOf } from '../http/scopes.ts';
import type { ResourceModule } from '../module.ts';
import { findResources } from './find.ts';
import { allParts } from './parts.ts';
import { SearchQuery, SearchResults } from './schema.ts';

/** Most resources of an answer. */
const MOST = 50;

/** Finds resources of all kinds. */
export const searchModule: ResourceModule = {
  name: 'search',
  tags: [{ name: 'Search', description: 'Finds resources of all kinds.' }],
  create: ({ database }) => ({ routes: (api) => searchRoute(api, database) }),
};

function searchRoute(api: Api, { db }: Database): void {
  api.get(
    '/resources/search',
    {
      schema: {
        operationId: 'searchResources',
        summary: 'Search',
        description:
          'Finds resources of the team by name, id, address or tag. It finds what the token may read, for example VPS with ' +
          '`vps:read`.',
        tags: ['Search'],
        querystring: SearchQuery,
        response: { 200: SearchResults },
      },
      config: { scope: null },
    },
    async ({ principal: { team, scopes }, query }) => {
      const text = query.q.trim().toLowerCase();
      const readable = allParts().filter(({ type }) => scopes.has(readScopeOf(type)));
      const found = text === '' ? [] : await findResources(db, readable, { teamId: team.id, text });
      return {
        results: found
          .slice(0, MOST)
          .map(({ created_at, ...one }) => ({ ...one, created_at: created_at.toISOString() })),
      };
    },
  );
}
