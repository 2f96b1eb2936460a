import { type Letter, renderMail } from '../../mail/layout.ts';
import type { Mail } from '../../mail/mailer.ts';

/** What an account holder is told by e-mail. */
const letter = (to: string, subject: string, content: Letter): Mail => ({
  to,
  subject,
  ...renderMail(content),
});

const NOT_ME =
  'If that was not you, set a new password at once, and look through the sessions of your account.';
const IGNORE =
  'If you did not ask for this, do nothing: the link works for nobody else, and expires by itself.';

export const letters = {
  verify: (to: string, url: string, hours: number): Mail =>
    letter(to, 'Confirm your e-mail address', {
      paragraphs: [
        'Somebody, probably you, has given this address for an account. Open the link to confirm that it is yours.',
        `It works once, within ${hours} hours.`,
      ],
      action: { label: 'Confirm the address', url },
      footer: IGNORE,
    }),
  alreadyHasAccount: (to: string, url: string): Mail =>
    letter(to, 'You have an account already', {
      paragraphs: [
        'Somebody, probably you, has tried to register with this address. It has an account already: sign in with that.',
      ],
      action: { label: 'Sign in', url },
      footer: 'If that was not you, do nothing: nothing was changed.',
    }),
  reset: (to: string, url: string, hours: number): Mail =>
    letter(to, 'Set a new password', {
      paragraphs: [
        'Somebody, probably you, has asked for a new password of your account. Open the link to set it.',
        `It works once, within ${hours} hours. All sessions of the account end then.`,
      ],
      action: { label: 'Set a new password', url },
      footer: IGNORE,
    }),
  passwordChanged: (to: string): Mail =>
    letter(to, 'Your password was changed', {
      paragraphs: ['The password of your account was changed. All other sessions have ended.'],
      footer: NOT_ME,
    }),
  changeEmail: (to: string, url: string, hours: number): Mail =>
    letter(to, 'Confirm your new e-mail address', {
      paragraphs: [
        'This address is to become that of an account. Open the link to confirm that it is yours.',
        `It works once, within ${hours} hours. Until then the account has its present address.`,
      ],
      action: { label: 'Confirm the address', url },
      footer: IGNORE,
    }),
  emailChanged: (to: string, newAddress: string): Mail =>
    letter(to, 'The e-mail address of your account was changed', {
      paragraphs: [
        `Your account has the address ${newAddress} from now on. Nothing more is sent to this one.`,
      ],
      footer: 'If that was not you, ask the operator for help.',
    }),
  /** Something that signs in was added or removed, such as "A passkey was added". */
  credentialChanged: (to: string, what: string): Mail =>
    letter(to, `${what} on your account`, { paragraphs: [`${what} on your account.`], footer: NOT_ME }),
};
