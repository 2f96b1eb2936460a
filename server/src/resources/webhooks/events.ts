import { Type } from 'typebox';
import { normal, warning } from '../../events/catalogue.ts';

const Endpoint = { name: Type.String(), url: Type.String() };

/** The events of webhooks' endpoints. */
export const webhookEvents = {
  created: normal(
    'webhook.created',
    'Created',
    Type.Object(Endpoint),
    ({ name, url }) => `The webhook "${name}" (${url}) was created.`,
  ),
  updated: normal(
    'webhook.updated',
    'Updated',
    Type.Object({ ...Endpoint, enabled: Type.Boolean() }),
    ({ name, url, enabled }) =>
      `The webhook "${name}" (${url}) was changed${enabled ? '' : ', and is disabled'}.`,
  ),
  deleted: normal(
    'webhook.deleted',
    'Deleted',
    Type.Object(Endpoint),
    ({ name, url }) => `The webhook "${name}" (${url}) was deleted.`,
  ),
  disabled: warning(
    'webhook.disabled',
    'Disabled',
    Type.Object({ ...Endpoint, because: Type.Enum(['gone', 'failing']) }),
    ({ name, url, because }) =>
      because === 'gone'
        ? `The webhook "${name}" (${url}) answered that it is gone (410), and was disabled.`
        : `The webhook "${name}" (${url}) failed for three days, and was disabled. Enable it again once it works.`,
  ),
  secretRegenerated: normal(
    'webhook.secret_regenerated',
    'SecretRegenerated',
    Type.Object(Endpoint),
    ({ name }) => `The webhook "${name}" has a new secret. The previous one works for another 24 hours.`,
  ),
};
