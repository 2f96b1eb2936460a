import { Type } from 'typebox';
import { normal } from '../../events/catalogue.ts';

const Key = Type.Object({ name: Type.String(), fingerprint: Type.String() });

/** Events of SSH keys. */
export const sshKeyEvents = {
  created: normal(
    'ssh-key.created',
    'Created',
    Key,
    ({ name, fingerprint }) => `The SSH key "${name}" was added (${fingerprint}).`,
  ),
  deleted: normal(
    'ssh-key.deleted',
    'Deleted',
    Key,
    ({ name, fingerprint }) => `The SSH key "${name}" was deleted (${fingerprint}). It stays on instances.`,
  ),
};
