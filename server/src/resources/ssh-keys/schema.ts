import { type Static, Type } from 'typebox';
import { ListQuery } from '../../http/listing.ts';
import { Component, LINES, Message, NameText, NumberId, Text, Timestamp } from '../../http/schema.ts';
import { PATTERN_MESSAGE } from '../../http/validation.ts';
import { Warnings } from '../../http/warnings.ts';

const PUBLIC_KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRRJgLgp2sSUIdr3oliil89XQscfZGHontzuSD/5Az7 ada@laptop';

export const SshKey = Component('SshKey', {
  id: NumberId(12),
  name: Text(255, 'laptop'),
  fingerprint: Text(100, 'SHA256:fEsqIO6/OncoHdyyb00vaKadCPGSGsmevgjNsNU5bHE', {
    description: 'As `ssh-keygen -lf` prints it.',
  }),
  public_key: Text(8192, PUBLIC_KEY),
  is_default: Type.Boolean({ example: false, description: 'Whether this is the team’s default key.' }),
  created_at: Timestamp(),
  updated_at: Timestamp(),
  team_id: NumberId(1),
  user_id: NumberId(1, 'The account that added the key.'),
});

export const SshKeyQuery = ListQuery('SSH keys', 'number', null);
export type SshKeyQuery = Static<typeof SshKeyQuery>;

export const CreateSshKey = Component('CreateSshKey', {
  name: NameText(255, 'laptop'),
  public_key: Text(8192, PUBLIC_KEY, {
    minLength: 1,
    // Its comment is shown. A file ends with a line break.
    pattern: `^${LINES}$`,
    [PATTERN_MESSAGE]: 'must not contain control characters',
    description:
      'One key, as in its `.pub` file or in the SSH2 format (PuTTYgen’s "Save public key"). Comment lines are skipped, ' +
      'and a key that was broken into several lines is joined. Supported types: ssh-ed25519, ecdsa-sha2-nistp256, -nistp384 and ' +
      '-nistp521, ssh-rsa with at least 2048 bits, sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com.',
  }),
  is_default: Type.Optional(
    Type.Boolean({
      example: false,
      description: 'Whether it becomes the team’s default key and replaces the previous one.',
    }),
  ),
});

export const SshKeyAnswer = Component('SshKeyResponse', { key: SshKey });

export const SshKeyCreated = Component('SshKeyCreated', {
  message: Message('SSH key added.'),
  key: SshKey,
  warnings: Warnings,
});

export const SshKeyDeleted = Component('SshKeyDeleted', { message: Message('SSH key deleted.') });
