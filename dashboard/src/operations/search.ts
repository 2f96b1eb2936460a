export const OPERATION_STATES = ['queued', 'running', 'succeeded', 'failed'] as const;

export interface OperationSearch {
  status?: (typeof OPERATION_STATES)[number] | undefined;
  page?: number | undefined;
}

export function readOperationSearch(search: Record<string, unknown>): OperationSearch {
  const page = Number(search.page);
  return {
    status: OPERATION_STATES.find((state) => state === search.status),
    page: Number.isInteger(page) && page > 1 ? page : undefined,
  };
}
