import type { Database, Queryable, Tx } from '../../db/database.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { invalid } from '../../lib/errors.ts';
import type { Mailer } from '../../mail/mailer.ts';
import { AVAILABLE, GROUPS } from './categories.ts';
import {
  CHANNELS,
  type Channel,
  type Frequency,
  IN_APP,
  listPreferences,
  type Member,
  resetPreferences,
  savePreferences,
} from './preferences.ts';
import type { UpdateNotificationPreferences } from './schema.ts';

const DIGESTS = [
  { value: 'instant', label: 'At once', description: 'An e-mail for each notification.' },
  { value: 'daily', label: 'Daily', description: 'One e-mail a day, at 07:00 UTC.' },
  { value: 'weekly', label: 'Weekly', description: 'One e-mail a week, on Mondays at 07:00 UTC.' },
  { value: 'disabled', label: 'Never', description: 'No e-mail.' },
];

const NO_MAIL =
  'This install sends no e-mail: its operator has set no mail server. What is chosen here is kept.';

/** Why a channel of the v1 API cannot be enabled here. */
const MISSING: Readonly<Record<string, string>> = {
  webhook:
    'Webhooks belong to the team: set which events each endpoint gets with PUT /webhooks/endpoints/{id}, or on the page “Webhooks”.',
  slack: 'This install sends nothing to Slack. A program of yours can that gets a webhook.',
  sms: 'This install sends no text messages.',
};

const isChannel = (channel: string): channel is Channel => (CHANNELS as readonly string[]).includes(channel);

const memberOf = ({ accountId, team }: TeamPrincipal): Member => ({ user_id: accountId, team_id: team.id });

/** What an account wants to be told of in a team, and how. */
export class PreferenceService {
  readonly #db: Queryable;
  readonly #mail: Mailer;

  constructor({ db }: Database, mail: Mailer) {
    this.#db = db;
    this.#mail = mail;
  }

  async show(principal: TeamPrincipal) {
    return {
      preferences: await listPreferences(this.#db, memberOf(principal)),
      available_categories: AVAILABLE,
      groups: Object.entries(GROUPS).map(([value, label]) => ({
        value: value as keyof typeof GROUPS,
        label,
      })),
      available_channels: [
        {
          value: IN_APP,
          label: 'In the app',
          description: 'In the list of notifications: GET /api/v1/notifications.',
          icon: 'bell',
        },
        {
          value: 'mail',
          label: 'E-mail',
          description: this.#mail.mailEnabled ? 'An e-mail to the address of the account.' : NO_MAIL,
          icon: 'mail',
        },
      ],
      digest_options: DIGESTS,
    };
  }

  /** Throws `validation_failed` for channels that do not exist here, and for digests of what is not mailed. */
  async save(tx: Tx, principal: TeamPrincipal, { preferences }: UpdateNotificationPreferences) {
    const errors: Record<string, string[]> = {};
    const kept: (Omit<(typeof preferences)[number], 'channel'> & { channel: Channel })[] = [];
    for (const [index, { channel, ...choice }] of preferences.entries()) {
      if (!isChannel(channel)) {
        if (choice.enabled) errors[`preferences.${index}.channel`] = [MISSING[channel]!];
      } else if (channel === IN_APP && isDigest(choice.digest_frequency)) {
        errors[`preferences.${index}.digest_frequency`] = [
          'Only the channel mail has digests: daily and weekly.',
        ];
      } else kept.push({ channel, ...choice });
    }
    if (Object.keys(errors).length > 0) throw invalid(errors);
    await savePreferences(tx, memberOf(principal), kept);
    const asksForMail = kept.some(({ channel, enabled }) => channel === 'mail' && enabled);
    const message =
      asksForMail && !this.#mail.mailEnabled ? `Preferences saved. ${NO_MAIL}` : 'Preferences saved.';
    return { message, preferences: await listPreferences(tx, memberOf(principal)) };
  }

  reset = (tx: Tx, principal: TeamPrincipal): Promise<void> => resetPreferences(tx, memberOf(principal));
}

const isDigest = (frequency: Frequency | undefined): boolean =>
  frequency === 'daily' || frequency === 'weekly';
