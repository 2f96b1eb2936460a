import { timeSortIn } from '../ui/list-search.ts';
import { pageInPath } from '../ui/path.ts';

export const DELIVERY_STATES = ['queued', 'pending', 'delivered', 'failed'] as const;

/** Which deliveries are shown, as the address says it. */
export interface DeliverySearch {
  status?: (typeof DELIVERY_STATES)[number] | undefined;
  /** The id of an endpoint. */
  endpoint?: string | undefined;
  sort?: ReturnType<typeof timeSortIn>;
  page?: number | undefined;
}

export function readDeliverySearch({
  status,
  endpoint,
  sort,
  page,
}: Record<string, unknown>): DeliverySearch {
  return {
    status: DELIVERY_STATES.find((state) => state === status),
    endpoint: typeof endpoint === 'string' && endpoint !== '' ? endpoint : undefined,
    sort: timeSortIn(sort),
    page: pageInPath(page),
  };
}
