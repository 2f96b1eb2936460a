import { useQuery } from '@tanstack/react-query';
import {
  BookOpen,
  Check,
  ChevronsUpDown,
  CodeXml,
  LifeBuoy,
  LogOut,
  Monitor,
  Moon,
  Sun,
  Users,
} from 'lucide-react';
import { accountQuery } from '../api/account.ts';
import { brand } from '../brand.ts';
import { signInApi } from '../sign-in/api.ts';
import { shell } from '../text/shell.ts';
import { Menu, type MenuItem } from '../ui/menu.tsx';
import { tellFailure } from '../ui/toast.tsx';
import { Initial } from './team-switcher.tsx';
import { chooseTheme, type Theme, useTheme } from './theme.ts';

const THEMES: readonly [Theme, typeof Sun][] = [
  ['system', Monitor],
  ['light', Sun],
  ['dark', Moon],
];

/** Ends the session. The page is loaded anew, so that nothing of the account is left in it. */
async function signOut(): Promise<void> {
  try {
    await signInApi.signOut();
    sessionStorage.clear();
    location.assign('/sign-in');
  } catch (error) {
    tellFailure(error);
  }
}

/** Where the operator helps. */
function helpLinks(): MenuItem[] {
  const { supportUrl, communityUrl } = brand;
  return [
    ...(supportUrl
      ? [{ label: shell.support, icon: <LifeBuoy />, run: () => location.assign(supportUrl) }]
      : []),
    ...(communityUrl
      ? [{ label: shell.community, icon: <Users />, run: () => location.assign(communityUrl) }]
      : []),
  ];
}

/** Who is signed in, the theme, and the way out. */
export function AccountMenu() {
  const { data } = useQuery(accountQuery);
  const theme = useTheme();
  return (
    <Menu
      side="top"
      align="start"
      className="flex h-12 shrink-0 items-center gap-2.5 rounded-lg px-2 text-left transition-colors hover:bg-hover [&>svg]:size-4 [&>svg]:text-quiet"
      items={[
        { heading: shell.theme },
        ...THEMES.map(([value, Icon]) => ({
          label: shell.themes[value],
          icon: <Icon />,
          side: theme === value ? <Check aria-hidden /> : null,
          run: () => chooseTheme(value),
        })),
        'line',
        { label: shell.pages.guides, icon: <BookOpen />, run: () => location.assign('/docs') },
        { label: shell.pages.docs, icon: <CodeXml />, run: () => location.assign('/docs/api') },
        ...helpLinks(),
        'line',
        { label: shell.signOut, icon: <LogOut />, run: () => void signOut() },
      ]}
    >
      <Initial name={data?.name ?? ''} />
      <span className="min-w-0 flex-1 leading-tight">
        <span className="sr-only">{shell.account}: </span>
        <span className="block truncate">{data?.name ?? '\u00a0'}</span>
        <span className="block truncate text-xs text-quiet">{data?.email ?? '\u00a0'}</span>
      </span>
      <ChevronsUpDown aria-hidden />
    </Menu>
  );
}
