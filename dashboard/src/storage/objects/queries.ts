import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client.ts';
import type { ObjectsSearch } from './search.ts';

const PER_PAGE = 100;

export const objectsQuery = (bucket: string, { folder: prefix, after }: ObjectsSearch) =>
  queryOptions({
    queryKey: ['bucket', bucket, 'objects', prefix ?? '', after ?? ''],
    queryFn: () =>
      answerOf(
        api.GET('/storage/buckets/{bucket}/objects', {
          params: {
            path: { bucket },
            query: { per_page: PER_PAGE, ...(prefix ? { prefix } : {}), ...(after ? { after } : {}) },
          },
        }),
      ),
    placeholderData: keepPreviousData,
  });

/** Where the bytes of an object are read and written, below `/api/v1`. */
export const contentPath = (bucket: string, query: Record<string, string>): string =>
  `/storage/buckets/${encodeURIComponent(bucket)}/objects/content?${new URLSearchParams(query)}`;

/** What a file or folder is called in the folder that shows it. */
export const shortName = (key: string, folder = ''): string => key.slice(folder.length);

/** Whether a browser can name it: it takes such segments out of addresses, and the server refuses them. */
export const isUsable = (key: string): boolean =>
  !key.split('/').some((segment) => segment === '.' || segment === '..');
