import type { ModuleContext, ResourceModule } from '../../module.ts';
import { Attempts, purgeAttempts } from './attempts.ts';
import { Ceremonies, purgeCeremonies } from './ceremonies.ts';
import type { AccountContext } from './context.ts';
import { purgeLinks } from './links.ts';
import { passkeyRoutes } from './passkey-routes.ts';
import { Passkeys } from './passkeys.ts';
import { profileRoutes } from './profile-routes.ts';
import { Provider } from './provider.ts';
import { providerRoutes } from './provider-routes.ts';
import { AccountService } from './service.ts';
import { SignInService } from './sign-in.ts';
import { signInRoutes } from './sign-in-routes.ts';
import { TwoFactor } from './two-factor.ts';
import { twoFactorRoutes } from './two-factor-routes.ts';

/** Accounts of people: how they sign in, and what they sign in with. */
export const accountsModule: ResourceModule = {
  name: 'accounts',
  tags: [{ name: 'Account', description: 'What a person signs in with.' }],
  create: (context) => {
    const { database } = context;
    return {
      routes: (api) => {
        const parts = createParts(context);
        // After the last request has been answered.
        api.addHook('onClose', () => parts.accounts.settle());
        signInRoutes(api, parts);
        profileRoutes(api, parts);
        twoFactorRoutes(api, parts);
        passkeyRoutes(api, parts);
        providerRoutes(api, parts);
      },
      reconcilers: [
        {
          name: 'sign-ins',
          everySeconds: 3600,
          async run() {
            await purgeLinks(database.db);
            await purgeCeremonies(database.db);
            await purgeAttempts(database.db);
          },
        },
      ],
    };
  },
};

function createParts({ config, database, mail, secrets, log }: ModuleContext): AccountContext {
  const attempts = new Attempts(database, secrets);
  const ceremonies = new Ceremonies(database, secrets);
  const twoFactor = new TwoFactor(database, secrets);
  return {
    config,
    database,
    mail,
    attempts,
    accounts: new AccountService({ config, database, attempts, mail, log }),
    signIns: new SignInService({ database, attempts, ceremonies, twoFactor }),
    twoFactor,
    passkeys: new Passkeys(database, secrets, ceremonies),
    provider: config.oidc && new Provider(config.oidc, config.registration === 'open', database, ceremonies),
  };
}
