import { renderMail } from '../../mail/layout.ts';
import { nounOfType } from '../../search/parts.ts';

/** What a letter tells of. */
export interface Told {
  severity: string;
  resource_type: string;
  resource_id: string;
  message: string;
  created_at: Date;
}

const FOOTER =
  'You get this as a member of the team. What you are told, and how, is up to you: PUT /api/v1/notification-preferences.';

/** `server web-1`, or its id where it has no name. */
export const titleOf = ({ resource_type, resource_id }: Told, name: string | null): string =>
  `${nounOfType(resource_type)} ${name ?? resource_id}`;

/** The e-mail about one event. */
export function letterOf(event: Told, name: string | null) {
  const title = titleOf(event, name);
  const mark = event.severity === 'Warning' ? '[Danube] Warning: ' : '[Danube] ';
  const paragraphs = [
    `${title}: ${event.message}`,
    `${event.resource_type} ${event.resource_id}, ${event.created_at.toISOString()}`,
  ];
  return { subject: `${mark}${title}`, ...renderMail({ paragraphs, footer: FOOTER }) };
}

/** Most notifications that a digest lists. */
export const MOST_LISTED = 200;

/** The e-mail about several, the oldest first. */
export function digestOf(told: readonly { event: Told; name: string | null }[], total: number) {
  const lines = told.map(
    ({ event, name }) =>
      `${event.created_at.toISOString().slice(0, 16)}Z ${titleOf(event, name)}: ${event.message}`,
  );
  const more = total - told.length;
  const paragraphs = [
    `What happened in your team, ${total === 1 ? 'one notification' : `${total} notifications`}:`,
    ...lines,
    ...(more > 0 ? [`And ${more} more: GET /api/v1/notifications.`] : []),
  ];
  return {
    subject: `[Danube] ${total} ${total === 1 ? 'notification' : 'notifications'}`,
    ...renderMail({ paragraphs, footer: FOOTER }),
  };
}
