import { type Static, Type } from 'typebox';
import { PageQuery } from '../../http/pagination.ts';
import {
  Component,
  Enum,
  Id,
  Int,
  LineText,
  List,
  Message,
  Nullable,
  NumberId,
  Obj,
  Text,
  Timestamp,
} from '../../http/schema.ts';
import { ALL_CATEGORIES } from './categories.ts';
import { FREQUENCIES } from './preferences.ts';

export const NotificationData = Component('NotificationData', {
  title: Text(400, 'server web-1', { description: 'What it is about.' }),
  message: Text(2000, 'The server was created and accepts SSH.'),
  event_id: Type.Integer({
    format: 'int64',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    example: 1842,
    description: 'The event, as in `GET /events`.',
  }),
  event_type: Text(100, 'vps.created'),
  resource_name: Nullable(Text(255, 'web-1', { description: 'What the resource was called at the time.' })),
  payload: Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    maxProperties: 100,
    example: {},
    description: 'The payload of the event.',
  }),
});

export const Notification = Component('Notification', {
  id: Id(),
  type: Text(100, 'vps.created', { description: 'The type of the event that it tells of.' }),
  notifiable_type: Enum(['user'], { description: 'Whom it tells: an account.' }),
  notifiable_id: NumberId(1),
  data: NotificationData,
  category: Nullable(Text(100, 'resource_provisioned')),
  severity: Enum(['info', 'warning', 'critical']),
  team_id: Nullable(NumberId(1)),
  resource_type: Nullable(Text(50, 'vps')),
  resource_id: Nullable(Text(36, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e')),
  read_at: Nullable(Timestamp()),
  created_at: Nullable(Timestamp('When the event happened.')),
  updated_at: Nullable(Timestamp()),
});

export const NotificationQuery = Obj({
  ...PageQuery.properties,
  category: Type.Optional(
    LineText(100, 'resource_failed', { description: 'Only notifications of this category.' }),
  ),
  unread: Type.Optional(
    Enum(['1', '0', 'true', 'false'], { description: '`1` or `true`: only those that are unread.' }),
  ),
});
export type NotificationQuery = Static<typeof NotificationQuery>;

export const NotificationPage = Component('NotificationPage', {
  data: List(Notification, { maxItems: 100 }),
  current_page: Int(1, { minimum: 1 }),
  last_page: Int(1, { minimum: 1 }),
  per_page: Int(15, { minimum: 1, maximum: 100 }),
  total: Int(1),
  next_page_url: Nullable(Text(2048, 'http://127.0.0.1:8080/api/v1/notifications?page=2&per_page=15')),
  unread_count: Int(1, { description: 'Of all that are unread, whatever the request asks for.' }),
});

export const UnreadCount = Component('UnreadCount', { count: Int(1) });

export const NotificationRead = Component('NotificationRead', {
  message: Message('Notification marked as read.'),
  notification: Notification,
});

export const NotificationsRead = Component('NotificationsRead', {
  message: Message('3 notifications marked as read.'),
  count: Int(3, { description: 'How many were unread.' }),
});

export const NotificationDeleted = Component('NotificationDeleted', {
  message: Message('Notification deleted.'),
});

const Category = Enum(ALL_CATEGORIES, { example: 'resource_failed' });
const Frequency = Enum(FREQUENCIES, {
  description: 'At once, or with others in one e-mail. Only e-mails have digests.',
});

export const NotificationPreference = Component('NotificationPreference', {
  category: Text(100, 'resource_failed'),
  channel: Text(20, 'mail'),
  enabled: Type.Boolean({ example: true }),
  digest_frequency: Frequency,
});

const Choice = (name: string, icon: Record<string, ReturnType<typeof Text>> = {}) =>
  Component(name, {
    value: Text(20, 'mail'),
    label: Text(100, 'E-mail'),
    description: Text(500, 'An e-mail to the address of the account.'),
    ...icon,
  });

export const NotificationPreferences = Component('NotificationPreferences', {
  preferences: List(NotificationPreference, { maxItems: 500 }),
  available_categories: List(
    Component('NotificationCategory', {
      value: Text(100, 'resource_failed'),
      label: Text(100, 'Resource failed'),
      group: Text(20, 'resource'),
      severity: Text(20, 'critical'),
    }),
    { maxItems: 100 },
  ),
  groups: List(
    Component('NotificationGroup', {
      value: Enum(['resource', 'billing', 'security', 'snapshot', 'team', 'maintenance', 'alert']),
      label: Text(100, 'Resources'),
    }),
    { maxItems: 20 },
  ),
  available_channels: List(Choice('NotificationChannel', { icon: Text(20, 'mail') }), { maxItems: 10 }),
  digest_options: List(Choice('NotificationDigest'), { maxItems: 10 }),
});

export const UpdateNotificationPreferences = Component('UpdateNotificationPreferences', {
  preferences: List(
    Component('UpdateNotificationPreference', {
      category: Category,
      channel: Enum(['database', 'mail', 'webhook', 'slack', 'sms'], { example: 'mail' }),
      enabled: Type.Boolean({ example: true }),
      digest_frequency: Type.Optional(Frequency),
    }),
    { maxItems: 500 },
  ),
});
export type UpdateNotificationPreferences = Static<typeof UpdateNotificationPreferences>;

export const NotificationPreferencesUpdated = Component('NotificationPreferencesUpdated', {
  message: Message('Preferences saved.'),
  preferences: List(NotificationPreference, { maxItems: 500 }),
});

export const NotificationPreferencesReset = Component('NotificationPreferencesReset', {
  message: Message('The preferences are those of the beginning again.'),
});
