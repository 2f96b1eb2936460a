import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Check, ChevronsUpDown, Plus } from 'lucide-react';
import { teamsQuery } from '../api/queries.ts';
import { currentTeam, switchTeam } from '../api/team.ts';
import { shell } from '../text/shell.ts';
import { Menu } from '../ui/menu.tsx';

/** Shows the team that everything on the pages belongs to, and switches to another. */
export function TeamSwitcher() {
  const navigate = useNavigate();
  const { data } = useQuery(teamsQuery);
  const chosen = currentTeam() ?? data?.current_team_id;
  const team = data?.data.find(({ id }) => id === chosen);
  return (
    <Menu
      align="start"
      className="flex h-11 shrink-0 items-center gap-2.5 rounded-lg px-2 text-left transition-colors hover:bg-hover [&>svg]:size-4 [&>svg]:text-quiet"
      items={[
        { heading: shell.switchTeam },
        ...(data?.data ?? []).map(({ id, name }) => ({
          label: name,
          icon: <Initial name={name} />,
          side: id === chosen ? <Check aria-hidden /> : null,
          run: () => switchTeam(id),
        })),
        'line',
        { label: shell.newTeam, icon: <Plus />, run: () => void navigate({ to: '/team/new' }) },
      ]}
    >
      <Initial name={team?.name ?? ''} />
      <span className="min-w-0 flex-1">
        <span className="sr-only">{shell.switchTeam}: </span>
        <span className="block truncate font-medium">{team?.name ?? '\u00a0'}</span>
      </span>
      <ChevronsUpDown aria-hidden />
    </Menu>
  );
}

export function Initial({ name }: { name: string }) {
  return (
    <span
      aria-hidden
      className="grid size-6 shrink-0 place-items-center rounded-md bg-accent-soft text-xs font-semibold text-accent uppercase"
    >
      {name.slice(0, 1)}
    </span>
  );
}
