import { Type } from 'typebox';
import { normal, warning } from '../../events/catalogue.ts';

const Endpoint = { name: Type.String(), url: Type.String() };

/** The events of webhooks' endpoints. */
export const webhookEvents = {
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
