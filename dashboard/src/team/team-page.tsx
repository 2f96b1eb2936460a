import { useQuery } from '@tanstack/react-query';
import { ProofProvider } from '../settings/proof.tsx';
import { Failure } from '../shell/states.tsx';
import { teamText as text } from '../text/team.ts';
import { PageHeader } from '../ui/page.tsx';
import { TeamEnding } from './ending.tsx';
import { Invitations } from './invitations.tsx';
import { MemberTokens } from './member-tokens.tsx';
import { Members } from './members.tsx';
import { isAdmin, teamQuery } from './queries.ts';
import { Rename } from './rename.tsx';

/** Members, invitations and the end of the team that is chosen. */
export function TeamPage() {
  const { data, error } = useQuery(teamQuery);
  if (error && !data) return <Failure error={error} reset={() => undefined} />;
  const name = data?.team.name ?? '';
  return (
    <>
      <PageHeader
        title={text.title}
        about={data ? `${text.about(name)} ${text.yourRole(text.roles[data.role] ?? data.role)}` : '\u00a0'}
      />
      <ProofProvider>
        <div className="flex flex-col gap-6">
          <Members role={data?.role} />
          {data && isAdmin(data.role) && (
            <>
              <Invitations role={data.role} />
              <MemberTokens />
              <Rename name={name} />
            </>
          )}
          {data && <TeamEnding team={data.team} role={data.role} />}
        </div>
      </ProofProvider>
    </>
  );
}
