export interface NotificationSearch {
  unread?: boolean | undefined;
  page?: number | undefined;
}

export function readNotificationSearch(search: Record<string, unknown>): NotificationSearch {
  const page = Number(search.page);
  return {
    unread: search.unread === true || undefined,
    page: Number.isInteger(page) && page > 1 ? page : undefined,
  };
}
