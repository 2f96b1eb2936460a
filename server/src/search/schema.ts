import type { Static } from 'typebox';
import { Component, Enum, LineText, List, Nullable, Obj, Text, Timestamp } from '../http/schema.ts';

export const SearchQuery = Obj({
  q: LineText(255, 'web', {
    description:
      'A name or a part of it, an id or its first 8 digits, an address such as 10.64.0.10 or the beginning 10.64.0., or a tag. ' +
      'Nothing is found by an empty text.',
  }),
});
export type SearchQuery = Static<typeof SearchQuery>;

const SearchResult = Component('SearchResult', {
  type: Text(50, 'vps', { description: 'Its type, as `resource_type` elsewhere.' }),
  id: Text(36, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e'),
  name: Text(255, 'web-1'),
  status: Nullable(Text(50, 'running', { description: 'Null where such a resource has none.' })),
  match: Enum(['name', 'id', 'address', 'tag'], { description: 'What it was found by.' }),
  created_at: Timestamp(),
});

export const SearchResults = Component('SearchResults', {
  results: List(SearchResult, { maxItems: 50, description: 'The best first, 50 at most.' }),
});
