import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { Obj, PathId } from '../../http/schema.ts';
import type { PreferenceService } from './preference-service.ts';
import {
  NotificationDeleted,
  NotificationPage,
  NotificationPreferences,
  NotificationPreferencesReset,
  NotificationPreferencesUpdated,
  NotificationQuery,
  NotificationRead,
  NotificationsRead,
  UnreadCount,
  UpdateNotificationPreferences,
} from './schema.ts';
import type { NotificationService } from './service.ts';

const tags = ['Notifications'];
const onNotification = Obj({ id: PathId('uuid', 'Id of the notification.') });
/** They belong to the account, so every token of it may. */
const config = { scope: null } as const;

/** Routes for what an account is told of in a team. */
export function notificationRoutes(api: Api, service: NotificationService): void {
  readingRoutes(api, service);
  api.patch(
    '/notifications/:id/read',
    {
      schema: {
        operationId: 'markNotificationRead',
        summary: 'Mark a notification as read',
        description: 'Marks it as read. One that was read before keeps its time.',
        tags,
        params: onNotification,
        response: { 200: NotificationRead },
      },
      config,
    },
    (request) =>
      mutate(request, async (tx) => ({
        message: 'Notification marked as read.',
        notification: await service.markRead(tx, request.principal, request.params.id),
      })),
  );
  api.post(
    '/notifications/mark-all-read',
    {
      schema: {
        operationId: 'markAllNotificationsRead',
        summary: 'Mark all notifications as read',
        description: 'Marks all as read that the list shows.',
        tags,
        response: { 200: NotificationsRead },
      },
      config,
    },
    (request) =>
      mutate(request, async (tx) => {
        const count = await service.markAllRead(tx, request.principal);
        return {
          message: `${count} ${count === 1 ? 'notification' : 'notifications'} marked as read.`,
          count,
        };
      }),
  );
  api.delete(
    '/notifications/:id',
    {
      schema: {
        operationId: 'deleteNotification',
        summary: 'Delete a notification',
        description: 'Takes it off the list, for this account only.',
        tags,
        params: onNotification,
        response: { 200: NotificationDeleted },
      },
      config,
    },
    (request) =>
      mutate(request, async (tx) => {
        await service.delete(tx, request.principal, request.params.id);
        return { message: 'Notification deleted.' };
      }),
  );
}

function readingRoutes(api: Api, service: NotificationService): void {
  api.get(
    '/notifications',
    {
      schema: {
        operationId: 'listNotifications',
        summary: 'List notifications',
        description:
          'Lists what the account was told of in the team, newest first. It has notifications about resources that the token ' +
          'may read, for example those of VPS with `vps:read`.',
        tags,
        querystring: NotificationQuery,
        response: { 200: NotificationPage },
      },
      config,
    },
    ({ principal, query }) => service.list(principal, query),
  );
  api.get(
    '/notifications/unread-count',
    {
      schema: {
        operationId: 'countUnreadNotifications',
        summary: 'Count unread notifications',
        description: 'Counts those of the list that are unread.',
        tags,
        response: { 200: UnreadCount },
      },
      config,
    },
    async ({ principal }) => ({ count: await service.countUnread(principal) }),
  );
}

/** Routes for what an account wants to be told of. */
export function preferenceRoutes(api: Api, service: PreferenceService): void {
  api.get(
    '/notification-preferences',
    {
      schema: {
        operationId: 'getNotificationPreferences',
        summary: 'Show what the account is told of',
        description:
          'Shows for each category and channel whether the account is told in this team, and what can be chosen.',
        tags,
        response: { 200: NotificationPreferences },
      },
      config,
    },
    ({ principal }) => service.show(principal),
  );
  api.put(
    '/notification-preferences',
    {
      schema: {
        operationId: 'updateNotificationPreferences',
        summary: 'Choose what the account is told of',
        description:
          'Changes the preferences that the request names, for this team and from the next event on; the others stay as they are.',
        tags,
        body: UpdateNotificationPreferences,
        response: { 200: NotificationPreferencesUpdated },
      },
      config,
    },
    (request) => mutate(request, (tx) => service.save(tx, request.principal, request.body)),
  );
  api.post(
    '/notification-preferences/reset',
    {
      schema: {
        operationId: 'resetNotificationPreferences',
        summary: 'Forget what was chosen',
        description: 'Sets all preferences of the account in this team back to those of the beginning.',
        tags,
        response: { 200: NotificationPreferencesReset },
      },
      config,
    },
    (request) =>
      mutate(request, async (tx) => {
        await service.reset(tx, request.principal);
        return { message: 'The preferences are those of the beginning again.' };
      }),
  );
}
