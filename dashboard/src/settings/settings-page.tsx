import { useQuery } from '@tanstack/react-query';
import { accountQuery } from '../api/account.ts';
import { healthQuery, teamsQuery } from '../api/queries.ts';
import { currentTeam } from '../api/team.ts';
import { chooseTheme, type Theme, useTheme } from '../shell/theme.ts';
import { settingsText as text } from '../text/access.ts';
import { shell } from '../text/shell.ts';
import { Badge } from '../ui/badge.tsx';
import { Choice } from '../ui/field.tsx';
import { Facts, PageHeader, Section } from '../ui/page.tsx';
import { Deletion } from './deletion.tsx';
import { Email } from './email.tsx';
import { Identities } from './identities.tsx';
import { Passkeys } from './passkeys.tsx';
import { Password } from './password.tsx';
import { ProofProvider } from './proof.tsx';
import { Sessions } from './sessions.tsx';
import { TwoFactor } from './two-factor.tsx';

/** Browsers make passkeys for names only, and not for IP addresses. */
const canHavePasskeys = (): boolean =>
  'PublicKeyCredential' in window && !/^[\d.]+$|:/.test(location.hostname);

/** Who is signed in, how the console looks, and what it runs on. */
export function SettingsPage() {
  const { data: account } = useQuery(accountQuery);
  const { data: teams } = useQuery(teamsQuery);
  const { data: health } = useQuery(healthQuery);
  const theme = useTheme();
  const teamId = currentTeam() ?? teams?.current_team_id;
  return (
    <>
      <PageHeader title={text.title} />
      <div className="flex max-w-3xl flex-col gap-6">
        <Section title={text.account}>
          <Facts
            items={[
              [text.name, account?.name],
              [text.email, account?.email],
              [text.team, teams?.data.find(({ id }) => id === teamId)?.name],
            ]}
          />
        </Section>
        <ProofProvider>
          <Email />
          <Password />
          <TwoFactor />
          {canHavePasskeys() && <Passkeys />}
          <Identities />
        </ProofProvider>
        <Sessions />
        <Section title={text.appearance} about={text.appearanceAbout}>
          <Choice
            legend={text.appearance}
            columns="sm:grid-cols-3"
            value={theme}
            onValue={(next: Theme) => chooseTheme(next)}
            options={(['system', 'light', 'dark'] as const).map((value) => ({
              value,
              title: shell.themes[value],
            }))}
          />
        </Section>
        <Section title={text.install}>
          <Facts
            items={[
              [text.version, health?.version],
              [
                text.status,
                health && <Badge tone={health.status === 'ok' ? 'good' : 'warn'}>{health.status}</Badge>,
              ],
              [text.engine, health && `${health.engine_name ?? ''} ${health.engine_version ?? ''}`],
              [text.storage, health?.storage],
            ]}
          />
        </Section>
        <ProofProvider>
          <Deletion />
        </ProofProvider>
      </div>
    </>
  );
}
