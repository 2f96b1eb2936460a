import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Check, ChevronsUpDown } from 'lucide-react';
import { teamsQuery } from '../api/queries.ts';
import { chooseTeam, currentTeam } from '../api/team.ts';
import { shell } from '../text/shell.ts';
import { Menu } from '../ui/menu.tsx';

/** Shows the team that everything on the pages belongs to, and switches to another. */
export function TeamSwitcher() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data } = useQuery(teamsQuery);
  const chosen = currentTeam() ?? data?.current_team_id;
  const team = data?.data.find(({ id }) => id === chosen);
  const change = async (id: number) => {
    chooseTeam(id);
    await navigate({ to: '/' });
    // The stream and all answers belong to the team before: the page starts anew.
    client.clear();
    location.reload();
  };
  return (
    <Menu
      align="start"
      className="flex h-11 items-center gap-2.5 rounded-lg px-2 text-left transition-colors hover:bg-hover [&>svg]:size-4 [&>svg]:text-quiet"
      items={[
        { heading: shell.switchTeam },
        ...(data?.data ?? []).map(({ id, name }) => ({
          label: name,
          icon: <Initial name={name} />,
          side: id === chosen ? <Check aria-hidden /> : null,
          run: () => void change(id),
        })),
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
