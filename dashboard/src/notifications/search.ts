import { pageInPath } from '../ui/path.ts';

export interface NotificationSearch {
  unread?: boolean | undefined;
  page?: number | undefined;
}

export function readNotificationSearch(search: Record<string, unknown>): NotificationSearch {
  return {
    unread: search.unread === true || undefined,
    page: pageInPath(search.page),
  };
}
