import { type Static, Type } from 'typebox';
import {
  Component,
  Enum,
  Id,
  Int,
  LineText,
  List,
  Message,
  NameText,
  Nullable,
  NumberId,
  Text,
  Timestamp,
} from '../../http/schema.ts';
import { ROLES } from '../../http/scopes.ts';
import { PATTERN_MESSAGE } from '../../http/validation.ts';
import { MAX_PASSWORD, MIN_PASSWORD } from './passwords.ts';
import { EMAIL_PATTERN } from './store.ts';

export const EmailText = Text(254, 'ada@example.org', {
  pattern: EMAIL_PATTERN,
  [PATTERN_MESSAGE]: 'must be an e-mail address, such as ada@example.org',
});

/** What somebody types as the password that there is. */
const Password = Text(MAX_PASSWORD, 'correct horse battery', { format: 'password' });

const NewPassword = Text(MAX_PASSWORD, 'correct horse battery', {
  format: 'password',
  description: `At least ${MIN_PASSWORD} characters, and not the account’s name or address.`,
});

const SecretText = (description: string) =>
  Text(48, 'k'.repeat(48), {
    pattern: '^[A-Za-z0-9]*$',
    [PATTERN_MESSAGE]: 'must be letters and digits',
    description,
  });

const Ceremony = SecretText('From the answer that began it.');

const CodeText = LineText(20, '287082', {
  description: 'The six digits of the authenticator app, or a recovery code.',
});

export const SignInOptions = Component('SignInOptions', {
  registration: Enum(['open', 'invitation', 'closed'], { description: 'Who may register.' }),
  provider: Nullable(
    Text(100, 'Example SSO', { description: 'Name of the OpenID Connect provider, or null.' }),
  ),
  passkeys: Type.Boolean({ example: true, description: 'Whether this address can have passkeys.' }),
  sends_mail: Type.Boolean({ example: true, description: 'Whether links are sent by e-mail.' }),
});

export const Register = Component('Register', {
  email: EmailText,
  name: NameText(255, 'Ada'),
  password: NewPassword,
  invitation: Type.Optional(
    SecretText('The code of an invitation to a team, of which the account is a member then.'),
  ),
});

export const ShowInvitation = Component('ShowInvitation', {
  code: SecretText('The code of an invitation, from its link.'),
});
export const InvitationShown = Component('InvitationShown', {
  team_name: Text(255, 'Shop'),
  role: Enum(ROLES, { description: 'What who accepts it may do.' }),
  email: Nullable(
    Text(320, 'grace@example.org', { description: 'Who may accept it; null: whoever has the code.' }),
  ),
});

export const PasswordSignIn = Component('PasswordSignIn', { email: EmailText, password: Password });

export const CodeSignIn = Component('CodeSignIn', {
  challenge: SecretText('From the answer that asked for a code.'),
  code: CodeText,
});

export const SignInResult = Component('SignInResult', {
  status: Enum(['signed_in', 'two_factor_required'], {
    description:
      '`signed_in`: the answer sets the session’s cookie. `two_factor_required`: a code is asked for.',
  }),
  account_id: Nullable(NumberId(1)),
  challenge: Nullable(
    Text(48, 'k'.repeat(48), { description: 'For `POST /auth/two-factor`, within ten minutes.' }),
  ),
});

export const RequestPassword = Component('RequestPassword', { email: EmailText });

export const SetPassword = Component('SetPassword', {
  secret: SecretText('What follows `#` in the link.'),
  password: NewPassword,
});

export const ConfirmEmail = Component('ConfirmEmail', {
  secret: SecretText('What follows `#` in the link.'),
});

export const Done = Component('AccountMessage', { message: Message('Done.') });

export const ConfirmPassword = Component('ConfirmPassword', { password: Password });

export const ChangePassword = Component('ChangePassword', { password: NewPassword });

export const ChangeEmail = Component('ChangeEmail', { email: EmailText });

export const TwoFactorState = Component('TwoFactorState', {
  enabled: Type.Boolean({ example: true, description: 'Whether codes are asked for.' }),
  recovery_codes_left: Int(10),
});

export const TwoFactorBegun = Component('TwoFactorBegun', {
  secret: Text(64, 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', {
    description: 'The key, in base32, to be typed in.',
  }),
  uri: Text(1000, 'otpauth://totp/Danube:ada%40example.org?secret=JBSWY3DPEHPK3PXP', {
    description: 'The same as a QR code has it.',
  }),
});

export const ConfirmTwoFactor = Component('ConfirmTwoFactor', {
  code: Text(6, '287082', {
    pattern: '^\\d{6}$',
    [PATTERN_MESSAGE]: 'must be the six digits that the app shows',
  }),
});

export const RecoveryCodes = Component('RecoveryCodes', {
  message: Message('Codes are asked for from now on. Keep the recovery codes: they are shown only now.'),
  recovery_codes: List(Text(20, 'x3Tq8b-k2Lm9p'), { description: 'Each replaces a code of the app once.' }),
});

const Passkey = Component('Passkey', {
  id: Id(),
  name: Text(255, 'Laptop'),
  created_at: Timestamp(),
  last_used_at: Nullable(Timestamp()),
});

export const PasskeyList = Component('PasskeyList', { data: List(Passkey) });
export const PasskeyAdded = Component('PasskeyAdded', {
  message: Message('Passkey added.'),
  passkey: Passkey,
});

const Base64Url = (maxLength: number) =>
  Text(maxLength, 'q83vEjRWeJA', {
    pattern: '^[A-Za-z0-9_-]+={0,2}$',
    [PATTERN_MESSAGE]: 'must be base64url',
  });
const PublicKeyType = Enum(['public-key']);
const Descriptor = Component('PasskeyDescriptor', {
  id: Text(2000, 'q83vEjRWeJA'),
  type: Text(50, 'public-key'),
  transports: Type.Optional(List(Text(50, 'internal'))),
});

/** As `PublicKeyCredential.parseCreationOptionsFromJSON()` takes it (WebAuthn level 3). */
const CreationOptions = Component('PasskeyCreationOptions', {
  challenge: Text(200, 'q83vEjRWeJA'),
  rp: Component('PasskeySite', { id: Text(255, 'cloud.example.org'), name: Text(100, 'Danube') }),
  user: Component('PasskeyUser', {
    id: Text(200, 'q83vEjRWeJA'),
    name: Text(254, 'ada@example.org'),
    displayName: Text(255, 'Ada'),
  }),
  pubKeyCredParams: List(
    Component('PasskeyAlgorithm', {
      type: Text(50, 'public-key'),
      alg: Type.Integer({ format: 'int32', minimum: -65_536, maximum: 65_536, example: -7 }),
    }),
  ),
  timeout: Type.Optional(Int(60_000)),
  excludeCredentials: List(Descriptor),
  authenticatorSelection: Component('PasskeySelection', {
    residentKey: Text(50, 'required'),
    requireResidentKey: Type.Boolean({ example: true }),
    userVerification: Text(50, 'required'),
  }),
  attestation: Text(50, 'none'),
});

/** As `PublicKeyCredential.parseRequestOptionsFromJSON()` takes it. */
const RequestOptions = Component('PasskeyRequestOptions', {
  challenge: Text(200, 'q83vEjRWeJA'),
  rpId: Text(255, 'cloud.example.org'),
  timeout: Type.Optional(Int(60_000)),
  allowCredentials: List(Descriptor),
  userVerification: Text(50, 'required'),
});

export const PasskeyCreation = Component('PasskeyCreation', {
  ceremony: Text(48, 'k'.repeat(48)),
  options: CreationOptions,
});
export const PasskeyRequest = Component('PasskeyRequest', {
  ceremony: Text(48, 'k'.repeat(48)),
  options: RequestOptions,
});

/** What `PublicKeyCredential.toJSON()` gives; members that do not matter are dropped. */
export const AddPasskey = Component('AddPasskey', {
  ceremony: Ceremony,
  name: NameText(255, 'Laptop'),
  credential: Component('NewPasskeyCredential', {
    id: Base64Url(2000),
    rawId: Base64Url(2000),
    type: PublicKeyType,
    response: Component('NewPasskeyResponse', {
      clientDataJSON: Base64Url(10_000),
      attestationObject: Base64Url(50_000),
      transports: Type.Optional(
        List(
          Text(50, 'internal', {
            pattern: '^[a-z-]+$',
            [PATTERN_MESSAGE]: 'must be the name of a transport',
          }),
          { maxItems: 10 },
        ),
      ),
    }),
  }),
});

export const UsePasskey = Component('UsePasskey', {
  ceremony: Ceremony,
  credential: Component('UsedPasskeyCredential', {
    id: Base64Url(2000),
    rawId: Base64Url(2000),
    type: PublicKeyType,
    response: Component('UsedPasskeyResponse', {
      clientDataJSON: Base64Url(10_000),
      authenticatorData: Base64Url(10_000),
      signature: Base64Url(10_000),
      userHandle: Type.Optional(Nullable(Base64Url(200))),
    }),
  }),
});
export type AddPasskey = Static<typeof AddPasskey>;
export type UsePasskey = Static<typeof UsePasskey>;

export const ProviderBegun = Component('ProviderBegun', {
  url: Text(4000, 'https://sso.example.org/authorize?client_id=danube', {
    description: 'Where the browser goes. The answer sets a cookie that binds the sign-in to this browser.',
  }),
});

const AnswerText = (example: string, description: string) =>
  Type.Optional(LineText(4000, example, { description }));

export const FinishProvider = Component('FinishProvider', {
  code: AnswerText('SplxlOBeZQQYbYS6WxSbIA', 'As it stands in the address of the page.'),
  state: AnswerText('af0ifjsldkj', 'The same.'),
  iss: AnswerText('https://sso.example.org', 'The same, if it is there.'),
  error: AnswerText('access_denied', 'The same, if it is there.'),
});

const IdentityShown = Component('LinkedIdentity', {
  id: Id(),
  issuer: Text(2000, 'https://sso.example.org'),
  email: Nullable(Text(254, 'ada@example.org')),
  created_at: Timestamp(),
  last_used_at: Nullable(Timestamp()),
});
export const IdentityList = Component('IdentityList', { data: List(IdentityShown) });
