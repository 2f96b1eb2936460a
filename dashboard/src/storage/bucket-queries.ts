import type { components } from '@danube/client/schema';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { wholeList } from '../api/whole-list.ts';
import type { Tone } from '../ui/badge.tsx';
import { RESOLUTIONS, type TrendWindow } from './trend-window.ts';

export type Bucket = components['schemas']['Bucket'];

/** How often a bucket is read while it is at work, in milliseconds. */
const AT_WORK_MS = 2000;

export const bucketAt = (bucket: string) => ({ params: { path: { bucket } } });

export const isAtWork = ({ status_details }: Bucket): boolean => !status_details.operation.terminal;

export const BUCKET_TONES: Record<string, Tone> = {
  healthy: 'good',
  progressing: 'busy',
  stopped: 'idle',
  unhealthy: 'bad',
};

export const bucketsQuery = queryOptions({
  queryKey: ['bucket', 'list'],
  queryFn: () => wholeList((query) => api.GET('/storage/buckets', { params: { query } })),
  refetchInterval: ({ state }) => (state.data?.some(isAtWork) ? AT_WORK_MS : false),
});

export const bucketQuery = (id: string) =>
  queryOptions({
    queryKey: ['bucket', id],
    queryFn: async () => (await answerOf(api.GET('/storage/buckets/{bucket}', bucketAt(id)))).bucket,
    refetchInterval: ({ state }) => (state.data && isAtWork(state.data) ? AT_WORK_MS : false),
  });

export const bucketMetricsQuery = (id: string) =>
  queryOptions({
    queryKey: ['bucket', id, 'metrics'],
    queryFn: () => answerOf(api.GET('/storage/buckets/{bucket}/metrics', bucketAt(id))),
  });

export const bucketDiagnosisQuery = (id: string) =>
  queryOptions({
    queryKey: ['bucket', id, 'diagnosis'],
    queryFn: async () => (await answerOf(api.GET('/storage/buckets/{bucket}/diagnose', bucketAt(id)))).data,
  });

export const bucketHealthQuery = (id: string) =>
  queryOptions({
    queryKey: ['bucket', id, 'health'],
    queryFn: () => answerOf(api.GET('/storage/buckets/{bucket}/metrics/health', bucketAt(id))),
  });

export const bucketTopQuery = (id: string) =>
  queryOptions({
    queryKey: ['bucket', id, 'top'],
    queryFn: () => answerOf(api.GET('/storage/buckets/{bucket}/metrics/top-objects', bucketAt(id))),
  });

export const bucketTrendQuery = (bucket: string, window: TrendWindow) =>
  queryOptions({
    queryKey: ['bucket', bucket, 'trend', window],
    queryFn: () =>
      answerOf(
        api.GET('/storage/buckets/{bucket}/metrics/trend', {
          params: { path: { bucket }, query: { window, resolution: RESOLUTIONS[window] } },
        }),
      ),
    placeholderData: keepPreviousData,
  });
