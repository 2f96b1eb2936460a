export const OUTCOMES = ['done', 'refused', 'failed'] as const;

export interface AuditSearch {
  status?: (typeof OUTCOMES)[number] | undefined;
  page?: number | undefined;
}

export function readAuditSearch(search: Record<string, unknown>): AuditSearch {
  const page = Number(search.page);
  return {
    status: OUTCOMES.find((outcome) => outcome === search.status),
    page: Number.isInteger(page) && page > 1 ? page : undefined,
  };
}
