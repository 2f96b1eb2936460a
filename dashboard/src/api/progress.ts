import type { components } from '@danube/client/schema';
import type { QueryClient } from '@tanstack/react-query';

/** How far an operation is, as the stream tells it. */
export interface Progress {
  operation_id: string;
  resource_type: string;
  state: 'running' | 'succeeded' | 'failed';
  percent: number;
  step: string | null;
}

interface Shown {
  data: readonly components['schemas']['Operation'][];
}

/** Writes how far an operation is into the lists that are shown. Returns the types of what has to be read anew, once it has ended. */
export function noteProgress(
  client: QueryClient,
  { operation_id, resource_type, state, percent, step }: Progress,
): string[] {
  client.setQueriesData<Shown>({ queryKey: ['operations'], type: 'active' }, (list) => {
    if (!list?.data.some((one) => one.operation_id === operation_id)) return undefined;
    return {
      ...list,
      data: list.data.map((one) =>
        one.operation_id === operation_id ? { ...one, state, percent, step: step ?? one.step } : one,
      ),
    };
  });
  return state === 'running' ? [] : [resource_type, 'operations'];
}
